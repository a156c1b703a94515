//! The help page as lines, made from the keymap: it lists every binding and cannot say anything else.
//! The keys of the view it was opened from come first.

use crate::keymap::{BINDINGS, Binding, Context, Group};

/// Columns of the page's columns at least.
const COLUMN: u16 = 38;

#[derive(Debug, Clone)]
pub enum Line {
    /// Over all columns.
    Heading(&'static str),
    Title(&'static str),
    /// The bindings of one line.
    Bindings(Vec<&'static Binding>),
    Blank,
}

/// The page from top to bottom, each row from left to right; it is `width` columns wide.
pub fn page(of: Context, width: u16) -> Vec<Vec<Line>> {
    let columns = usize::from((width / COLUMN).clamp(1, 3));
    let mut page = vec![vec![Line::Heading("Of this view")]];
    page.extend(section(columns, |binding| binding.contexts.contains(&of)));
    page.push(vec![Line::Blank]);
    page.push(vec![Line::Heading("Elsewhere")]);
    page.extend(section(columns, |binding| !binding.contexts.contains(&of)));
    page
}

fn section(columns: usize, wanted: impl Fn(&Binding) -> bool) -> Vec<Vec<Line>> {
    let groups: Vec<Vec<Line>> = Group::ALL
        .into_iter()
        .map(|group| lines(group, &wanted))
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
    let cell = |column: &Vec<Line>, row: usize| column.get(row).cloned().unwrap_or(Line::Blank);
    (0..rows).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect()
}

/// The groups one below the other in columns of at most `height` lines.
fn arrange(groups: &[Vec<Line>], height: usize) -> Vec<Vec<Line>> {
    let mut out: Vec<Vec<Line>> = Vec::new();
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

/// A group with its title; none of it when it has no wanted binding.
fn lines(group: Group, wanted: impl Fn(&Binding) -> bool) -> Vec<Line> {
    let mut lines = vec![Line::Title(group.title())];
    let mut before_shown = false;
    for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
        let shown = wanted(binding);
        match lines.last_mut() {
            _ if !shown => {}
            Some(Line::Bindings(bindings)) if binding.shares_line && before_shown => {
                bindings.push(binding);
            }
            _ => lines.push(Line::Bindings(vec![binding])),
        }
        before_shown = shown;
    }
    if lines.len() > 1 { lines } else { Vec::new() }
}
