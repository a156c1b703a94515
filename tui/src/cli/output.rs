//! What a command prints. Foreign text passes through [`SafeText`], also inside JSON.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

use crate::config::Config;
use crate::safe::{self, SafeText};

/// Standard output with what is known about it.
pub struct Out {
    to: BufWriter<Stdout>,
    pub json: bool,
    colour: bool,
    pub utf8: bool,
    /// Columns of the terminal; `None` where there is none to fit into.
    pub width: Option<usize>,
}

/// Colours by meaning, as on the screen: red is for what is critical and for failure alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Bad,
    Attention,
    Work,
    Done,
    Dim,
    Strong,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bad => "31",
            Self::Attention => "33",
            Self::Work => "34",
            Self::Done => "32",
            Self::Dim => "2",
            Self::Strong => "1",
        }
    }
}

impl Out {
    pub fn new(config: &Config, json: bool) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let size = if terminal { crossterm::terminal::size().ok() } else { None };
        Self {
            to: BufWriter::new(stdout),
            json,
            colour: terminal && !config.mono,
            utf8: config.utf8 || !terminal,
            width: size.map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0),
        }
    }

    /// One line as it is: only our own words and what [`Out::safe`] and [`Out::paint`] returned.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.trim_end().as_bytes())?;
        self.to.write_all(b"\n")
    }

    /// One JSON value over several lines.
    pub fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.line(&safe::json(&text))
    }

    /// One JSON value on one line, out at once.
    pub fn record(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(value)?;
        self.line(&safe::json(&text))?;
        self.flush()
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// Foreign text as one harmless line.
    pub fn safe(&self, text: &str) -> SafeText {
        self.fit(SafeText::line(text))
    }

    /// Foreign text of several lines.
    pub fn safe_lines(&self, text: &str) -> Vec<SafeText> {
        SafeText::lines(text).into_iter().map(|line| self.fit(line)).collect()
    }

    fn fit(&self, text: SafeText) -> SafeText {
        if self.utf8 { text } else { text.ascii() }
    }

    /// Coloured where the terminal shows colours.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if self.colour && tone != Tone::Plain && !text.is_empty() {
            format!("\x1b[{}m{text}\x1b[0m", tone.code())
        } else {
            text.to_owned()
        }
    }
}

/// Columns that line up; the last one is not padded.
pub struct Table {
    rows: Vec<Vec<(Tone, SafeText)>>,
    /// The column that gives way when the terminal is narrow.
    flexible: usize,
}

const GAP: usize = 2;
/// The flexible column is not cut below this.
const NARROWEST: usize = 12;

impl Table {
    pub const fn new(flexible: usize) -> Self {
        Self { rows: Vec::new(), flexible }
    }

    pub fn row(&mut self, cells: Vec<(Tone, SafeText)>) {
        self.rows.push(cells);
    }

    pub fn print(&self, out: &mut Out) -> io::Result<()> {
        let widths = self.widths(out.width);
        for row in &self.rows {
            let mut line = String::new();
            for (column, (tone, cell)) in row.iter().enumerate() {
                let width = widths[column];
                let cell = cell.clip(width);
                line.push_str(&out.paint(*tone, cell.as_str()));
                if column + 1 < row.len() {
                    let padding = width.saturating_sub(cell.width()) + GAP;
                    line.extend(std::iter::repeat_n(' ', padding));
                }
            }
            out.line(&line)?;
        }
        Ok(())
    }

    fn widths(&self, available: Option<usize>) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (column, (_, cell)) in row.iter().enumerate() {
                widths[column] = widths[column].max(cell.width());
            }
        }
        if let Some(available) = available
            && self.flexible < columns
        {
            let total = widths.iter().sum::<usize>() + GAP * columns.saturating_sub(1);
            let over = total.saturating_sub(available);
            let flexible = &mut widths[self.flexible];
            *flexible = flexible.saturating_sub(over).max(NARROWEST.min(*flexible));
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flexible_column_gives_way() {
        let mut table = Table::new(1);
        let cell = |text: &str| (Tone::Plain, SafeText::line(text));
        table.row(vec![cell("INC-1"), cell(&"x".repeat(60)), cell("open")]);
        table.row(vec![cell("INC-204"), cell("short"), cell("resolved")]);
        assert_eq!(table.widths(None), [7, 60, 8]);
        assert_eq!(table.widths(Some(50)), [7, 31, 8]);
        assert_eq!(table.widths(Some(5)), [7, NARROWEST, 8]);
    }
}
