//! A text field: characters and a cursor between them. It takes every character a key or a paste
//! brings; what it shows goes through `SafeText` like everything else.

use unicode_segmentation::UnicodeSegmentation;

use crate::action::Edit;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextField {
    text: String,
    /// A byte index on a grapheme boundary.
    cursor: usize,
    /// Whether a paste may bring line breaks in.
    pub lines: bool,
}

impl TextField {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text, lines: false }
    }

    pub fn multiline(text: impl Into<String>) -> Self {
        Self { lines: true, ..Self::new(text) }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub fn after_cursor(&self) -> &str {
        &self.text[self.cursor..]
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
    }

    pub fn insert(&mut self, c: char) {
        self.text.insert(self.cursor, c);
        self.cursor += c.len_utf8();
    }

    /// Line breaks become spaces where the field has one line.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = if self.lines { text } else { text.trim_end_matches('\n').replace('\n', " ") };
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    /// Puts a text in the place of so many characters before the cursor.
    pub fn replace_before(&mut self, characters: usize, text: &str) {
        let kept = self.before_cursor().chars().count().saturating_sub(characters);
        let from = self.before_cursor().char_indices().nth(kept).map_or(self.cursor, |(at, _)| at);
        self.cut(from, self.cursor);
        self.paste(text);
    }

    pub fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Left => self.cursor = self.left(),
            Edit::Right => self.cursor = self.right(),
            Edit::Start => self.cursor = self.line_start(),
            Edit::End => self.cursor = self.line_end(),
            Edit::Backspace => self.cut(self.left(), self.cursor),
            Edit::Delete => self.cut(self.cursor, self.right()),
            Edit::BackWord => self.cut(self.word_start(), self.cursor),
            Edit::ToStart => self.cut(self.line_start(), self.cursor),
            Edit::ToEnd => self.cut(self.cursor, self.line_end()),
            Edit::NewLine => {
                if self.lines {
                    self.insert('\n');
                }
            }
        }
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn left(&self) -> usize {
        let last = self.before_cursor().graphemes(true).next_back();
        self.cursor - last.map_or(0, str::len)
    }

    fn right(&self) -> usize {
        let next = self.after_cursor().graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn line_start(&self) -> usize {
        self.before_cursor().rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let rest = self.after_cursor().find('\n');
        rest.map_or(self.text.len(), |at| self.cursor + at)
    }

    fn word_start(&self) -> usize {
        let before = self.before_cursor().trim_end();
        before
            .char_indices()
            .rev()
            .find(|(_, c)| c.is_whitespace())
            .map_or(0, |(at, c)| at + c.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_go_in_where_the_cursor_is() {
        let mut field = TextField::new("ab");
        field.edit(Edit::Left);
        field.insert('é');
        field.paste("x\ny\n");
        assert_eq!(field.text(), "aéx yb");
        field.edit(Edit::BackWord);
        assert_eq!(field.text(), "aéx b");
        field.edit(Edit::ToStart);
        assert_eq!((field.text(), field.before_cursor()), ("b", ""));
    }

    #[test]
    fn characters_before_the_cursor_are_replaced_one_by_one() {
        let mut field = TextField::new("a e\u{301}b");
        field.edit(Edit::Left);
        field.replace_before(2, "xy");
        assert_eq!((field.text(), field.before_cursor()), ("a xyb", "a xy"));
        field.replace_before(9, "");
        assert_eq!(field.text(), "b");
    }

    #[test]
    fn a_grapheme_is_deleted_whole() {
        let mut field = TextField::new("e\u{301}👨\u{200d}👩");
        field.edit(Edit::Backspace);
        assert_eq!(field.text(), "e\u{301}");
        field.edit(Edit::Start);
        field.edit(Edit::Delete);
        assert_eq!(field.text(), "");
        field.edit(Edit::Backspace);
        field.edit(Edit::Delete);
        assert_eq!(field.text(), "");
    }

    #[test]
    fn home_and_end_stay_within_the_line() {
        let mut field = TextField::multiline("one\ntwo");
        field.edit(Edit::Start);
        assert_eq!(field.after_cursor(), "two");
        field.edit(Edit::Left);
        field.edit(Edit::ToStart);
        assert_eq!(field.text(), "\ntwo");
    }
}
