//! The help page as lines, made from the keymap: it lists every binding and cannot say anything else.
//! The keys of the view it was opened from come first.

use crate::keymap::{Bound, Context, Group, Keymap};

use super::own::OwnCommand;
use super::setup::Setup;

/// Columns of the page's columns at least.
const COLUMN: u16 = 38;

#[derive(Debug, Clone)]
pub enum Line<'a> {
    /// Over all columns.
    Heading(&'static str),
    Title(&'static str),
    /// The bindings of one line.
    Bindings(Vec<&'a Bound>),
    /// A command of the person's own.
    Own(&'a OwnCommand),
    Blank,
}

/// The page from top to bottom, each row from left to right; it is `width` columns wide.
pub fn page(setup: &Setup, of: Context, width: u16) -> Vec<Vec<Line<'_>>> {
    let columns = usize::from((width / COLUMN).clamp(1, 3));
    let (keymap, own) = (&setup.keymap, own(&setup.commands));
    let mut page = vec![vec![Line::Heading("Of this view")]];
    let (here, elsewhere) =
        if of.shows_incidents() { (own, Vec::new()) } else { (Vec::new(), own) };
    page.extend(section(keymap, columns, here, |bound| bound.binding.works_in(of)));
    page.push(vec![Line::Blank]);
    page.push(vec![Line::Heading("Elsewhere")]);
    page.extend(section(keymap, columns, elsewhere, |bound| !bound.binding.works_in(of)));
    page
}

fn section<'a>(
    keymap: &'a Keymap,
    columns: usize,
    own: Vec<Line<'a>>,
    wanted: impl Fn(&Bound) -> bool,
) -> Vec<Vec<Line<'a>>> {
    let groups: Vec<Vec<Line<'_>>> = Group::ALL
        .into_iter()
        .map(|group| lines(keymap, group, &wanted))
        .chain(std::iter::once(own))
        .filter(|lines| !lines.is_empty())
        .collect();
    let longest = groups.iter().map(Vec::len).max().unwrap_or(0);
    let all: usize = groups.iter().map(|group| group.len() + 1).sum();
    // The least height at which no group is torn apart.
    let columns = (longest..=all)
        .map(|height| arrange(&groups, height))
        .find(|arranged| arranged.len() <= columns)
        .unwrap_or_default();
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |row: usize| {
        columns.iter().map(|column| column.get(row).cloned().unwrap_or(Line::Blank)).collect()
    };
    (0..rows).map(row).collect()
}

/// The person's own commands with their title; nothing when there are none.
fn own(commands: &[OwnCommand]) -> Vec<Line<'_>> {
    let title = (!commands.is_empty()).then_some(Line::Title("Your commands"));
    title.into_iter().chain(commands.iter().map(Line::Own)).collect()
}

/// The groups one below the other in columns of at most `height` lines.
fn arrange<'a>(groups: &[Vec<Line<'a>>], height: usize) -> Vec<Vec<Line<'a>>> {
    let mut out: Vec<Vec<Line<'_>>> = Vec::new();
    for group in groups {
        match out.last_mut().filter(|column| column.len() + 1 + group.len() <= height) {
            Some(column) => {
                column.push(Line::Blank);
                column.extend(group.iter().cloned());
            }
            None => out.push(group.clone()),
        }
    }
    out
}

/// A group with its title; none of it when it has no wanted binding. What a person took all keys from
/// is left out.
fn lines(keymap: &Keymap, group: Group, wanted: impl Fn(&Bound) -> bool) -> Vec<Line<'_>> {
    let mut lines = vec![Vec::new()];
    for bound in keymap.bound().iter().filter(|bound| bound.binding.group == group) {
        if !bound.binding.shares_line {
            lines.push(Vec::new());
        }
        let unbound = bound.keys.is_empty() && !bound.binding.keys.is_empty();
        if let Some(line) = lines.last_mut().filter(|_| !unbound && wanted(bound)) {
            line.push(bound);
        }
    }
    let lines: Vec<Line<'_>> =
        lines.into_iter().filter(|line| !line.is_empty()).map(Line::Bindings).collect();
    if lines.is_empty() {
        return lines;
    }
    std::iter::once(Line::Title(group.title())).chain(lines).collect()
}
