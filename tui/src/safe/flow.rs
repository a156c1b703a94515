//! Text from outside in rows: cut or broken where a row is full, with places marked in it. No
//! character that could deceive passes, and no row is wider than it may be.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{SafeText, push_safe};

/// A piece of the text: what is to be said of it, and of the marked places in it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a, T> {
    pub text: &'a str,
    pub tag: T,
    /// Bytes of the text, ascending, none over another.
    pub marks: &'a [Range<usize>],
    pub marked: T,
}

/// Characters of one row that have the same said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<T> {
    pub text: SafeText,
    pub tag: T,
}

pub type Row<T> = Vec<Run<T>>;

/// At most `max` rows of at most `width` columns, at least one. Where something is left out the last
/// one ends with `…`. A line break in the text ends a row, unless there is but one. No more of the
/// text is read than is shown.
pub fn flow<T: Copy + PartialEq>(parts: &[Part<'_, T>], width: usize, max: usize) -> Vec<Row<T>> {
    let mut rows = Rows { done: vec![Vec::new()], used: 0, width, max: max.max(1) };
    let mut piece = String::new();
    for part in parts {
        let mut marks = part.marks.iter().peekable();
        for (at, grapheme) in part.text.grapheme_indices(true) {
            let end = at + grapheme.len();
            while marks.peek().is_some_and(|mark| mark.end <= at) {
                marks.next();
            }
            let marked = marks.peek().is_some_and(|mark| mark.start < end);
            let tag = if marked { part.marked } else { part.tag };
            piece.clear();
            push_safe(grapheme, &mut piece);
            // An escape is several graphemes and may be broken anywhere.
            for shown in piece.graphemes(true) {
                if !rows.push(shown, tag) {
                    return rows.done;
                }
            }
            if grapheme.ends_with('\n') {
                rows.end_row();
            }
        }
    }
    rows.done
}

struct Rows<T> {
    /// The last one may have room yet.
    done: Vec<Row<T>>,
    /// Columns of the last row.
    used: usize,
    width: usize,
    max: usize,
}

impl<T: Copy + PartialEq> Rows<T> {
    /// Says whether there was room.
    fn push(&mut self, grapheme: &str, tag: T) -> bool {
        let columns = grapheme.width();
        if self.used + columns > self.width {
            if self.done.len() >= self.max || columns > self.width {
                self.cut(tag);
                return false;
            }
            self.done.push(Vec::new());
            self.used = 0;
        }
        self.used += columns;
        let Some(row) = self.done.last_mut() else {
            return false;
        };
        match row.last_mut().filter(|run| run.tag == tag) {
            Some(run) => run.text.0.push_str(grapheme),
            None => row.push(Run { text: SafeText(grapheme.to_owned()), tag }),
        }
        true
    }

    /// What follows, if anything does, begins a row of its own; where there is but one it stays in it.
    const fn end_row(&mut self) {
        if self.max > 1 {
            self.used = self.width;
        }
    }

    /// Puts `…` at the end of the last row, in place of what has no room beside it.
    fn cut(&mut self, tag: T) {
        if self.width == 0 {
            return;
        }
        let Some(row) = self.done.last_mut() else {
            return;
        };
        while row.iter().map(|run| run.text.width()).sum::<usize>() >= self.width {
            let Some(run) = row.last_mut() else {
                return;
            };
            let last = run.text.as_str().graphemes(true).next_back().map_or(0, str::len);
            run.text.0.truncate(run.text.0.len() - last);
            if run.text.is_empty() {
                row.pop();
            }
        }
        row.push(Run { text: SafeText("…".to_owned()), tag });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{assert_harmless, hostile};
    use super::*;

    fn flowed(text: &str, marks: &[Range<usize>], width: usize, max: usize) -> Vec<Row<bool>> {
        flow(&[Part { text, tag: false, marks, marked: true }], width, max)
    }

    fn texts(rows: &[Row<bool>]) -> Vec<String> {
        rows.iter().map(|row| row.iter().map(|run| run.text.as_str()).collect()).collect()
    }

    #[test]
    fn a_row_is_broken_where_it_is_full_and_after_a_line() {
        assert_eq!(texts(&flowed("abcdef", &[], 4, 9)), ["abcd", "ef"]);
        assert_eq!(texts(&flowed("abcdefghi", &[], 4, 2)), ["abcd", "efg…"]);
        assert_eq!(texts(&flowed("a\nb\r\nc\n", &[], 9, 9)), ["a␤", "b␍␤", "c␤"]);
        assert_eq!(texts(&flowed("a\nb", &[], 9, 1)), ["a␤b"]);
        assert_eq!(texts(&flowed("監視監視", &[], 5, 9)), ["監視", "監視"]);
        assert_eq!(texts(&flowed("監視監視", &[], 5, 1)), ["監視…"]);
        assert_eq!(texts(&flowed("監", &[], 1, 3)), ["…"]);
        assert_eq!(texts(&flowed("abc", &[], 0, 3)), [""]);
        assert_eq!(texts(&flowed("", &[], 4, 3)), [""]);
    }

    #[test]
    fn marks_cover_whole_characters() {
        let mark = 1..2;
        let rows = flowed("xe\u{301}y", &[mark], 9, 1);
        let runs: Vec<(&str, bool)> =
            rows[0].iter().map(|run| (run.text.as_str(), run.tag)).collect();
        assert_eq!(runs, [("x", false), ("e\u{301}", true), ("y", false)]);
    }

    proptest! {
        #[test]
        fn rows_fit_are_harmless_and_hold_the_text_in_its_order(
            text in hostile(),
            width in 0_usize..30,
            max in 1_usize..8,
            bounds in proptest::collection::vec(0_usize..200, 0..6),
        ) {
            let mut bounds: Vec<usize> =
                bounds.into_iter().map(|at| text.floor_char_boundary(at)).collect();
            bounds.sort_unstable();
            let marks: Vec<Range<usize>> =
                bounds.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
            let rows = flowed(&text, &marks, width, max);
            prop_assert!(rows.len() <= max);
            for row in &rows {
                let columns: usize = row.iter().map(|run| run.text.width()).sum();
                prop_assert!(columns <= width, "{row:?} is wider than {width}");
                for run in row {
                    assert_harmless(run.text.as_str());
                }
            }
            let shown: String = texts(&rows).concat();
            let whole = SafeText::line(&text);
            let plain = flowed(&text, &[], width, max);
            prop_assert_eq!(&shown, &texts(&plain).concat(), "marks move nothing");
            match shown.strip_suffix('…') {
                Some(shown) if !whole.as_str().starts_with(&format!("{shown}…")) => {
                    prop_assert!(whole.as_str().starts_with(shown));
                }
                _ if width > 0 => prop_assert_eq!(shown.as_str(), whole.as_str()),
                _ => {}
            }
        }
    }
}
