//! Text from outside, made safe for a terminal: nothing in it can move the cursor, change a colour,
//! turn the direction of reading, hide, or draw over its neighbours. What was made harmless stays
//! visible, so that a person sees that something was there.
//!
//! Widths are columns, measured per grapheme, as the screen buffer measures them.

pub mod flow;

use std::fmt::{self, Write as _};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Combining marks on one character beyond this are shown as escapes.
const MARKS_MAX: usize = 4;
/// Characters of one grapheme beyond this are shown as escapes.
const GRAPHEME_MAX: usize = 12;

/// One line that a terminal shows as it is. Made only by this module.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SafeText(String);

impl SafeText {
    /// The whole text as one line: line breaks show as `␤`, tabs as a space.
    pub fn line(text: &str) -> Self {
        if is_plain(text.as_bytes()) {
            return Self(text.to_owned());
        }
        Self::line_of_graphemes(text)
    }

    fn line_of_graphemes(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for grapheme in text.graphemes(true) {
            push_safe(grapheme, &mut out);
        }
        Self(out)
    }

    /// One line of at most `max` columns, cut with `…` at the end. Reads no more of the text than it
    /// shows, so a line of 64 KiB costs no more than its visible part.
    pub fn clipped(text: &str, max: usize) -> Self {
        // One more than there is room for: what is plain up to there is a character in each column.
        let seen = &text.as_bytes()[..text.len().min(max.saturating_add(1))];
        match text.get(..max.saturating_sub(1)) {
            _ if !is_plain(seen) => Self::clipped_graphemes(text, max),
            _ if text.len() <= max => Self(text.to_owned()),
            Some(kept) if max > 0 => Self(format!("{kept}…")),
            _ => Self::default(),
        }
    }

    fn clipped_graphemes(text: &str, max: usize) -> Self {
        let mut out = String::new();
        let mut width = 0;
        let mut piece = String::new();
        // Where a cut leaves room for the ellipsis.
        let mut keep = 0;
        for grapheme in text.graphemes(true) {
            piece.clear();
            push_safe(grapheme, &mut piece);
            // An escape is several graphemes and may be cut anywhere.
            for part in piece.graphemes(true) {
                width += part.width();
                if width > max {
                    out.truncate(keep);
                    if max > 0 {
                        out.push('…');
                    }
                    return Self(out);
                }
                out.push_str(part);
                if width < max {
                    keep = out.len();
                }
            }
        }
        Self(out)
    }

    /// The text line by line; `\n` and `\r\n` end a line.
    pub fn lines(text: &str) -> Vec<Self> {
        text.lines().map(Self::line).collect()
    }

    /// Cut to `max` columns with `…`.
    #[must_use]
    pub fn clip(&self, max: usize) -> Self {
        Self::clipped(&self.0, max)
    }

    /// Broken into lines of at most `max` columns, between words where it can; at least one line.
    /// With no columns at all there is nothing to show: no lines.
    pub fn wrap(&self, max: usize) -> Vec<Self> {
        if max == 0 {
            return Vec::new();
        }
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut width = 0;
        for word in self.0.split_inclusive(' ') {
            let visible = width_of(word.trim_end());
            if width + visible > max && width > 0 {
                lines.push(Self(std::mem::take(&mut line).trim_end().to_owned()));
                width = 0;
            }
            if visible <= max {
                line.push_str(word);
                width += width_of(word);
            } else {
                width = break_word(word.trim_end(), max, &mut line, &mut lines);
                if word.ends_with(' ') {
                    line.push(' ');
                    width += 1;
                }
            }
        }
        let line = line.trim_end();
        if !line.is_empty() || lines.is_empty() {
            lines.push(Self(line.to_owned()));
        }
        lines
    }

    /// For terminals without UTF-8: everything beyond ASCII becomes `?` or an ASCII look-alike.
    #[must_use]
    pub fn ascii(&self) -> Self {
        if self.0.is_ascii() {
            return self.clone();
        }
        let mut out = String::with_capacity(self.0.len());
        for grapheme in self.0.graphemes(true) {
            match grapheme {
                ascii if ascii.is_ascii() => out.push_str(ascii),
                "…" => out.push('~'),
                "–" | "—" | "−" => out.push('-'),
                "·" => out.push('.'),
                "’" => out.push('\''),
                other => out.extend(std::iter::repeat_n('?', other.width())),
            }
        }
        Self(out)
    }

    /// Each character that takes columns, with the marks on it, and how many it takes.
    pub fn parts(&self) -> impl Iterator<Item = (&str, usize)> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            // Nothing joins two of these.
            if let [first, rest_of @ ..] = rest.as_bytes()
                && first.is_ascii()
                && rest_of.first().is_none_or(u8::is_ascii)
            {
                let (part, after) = rest.split_at(1);
                rest = after;
                return Some((part, 1));
            }
            let first = rest.chars().next()?;
            let mut marks = rest.char_indices().skip(1).skip_while(|(_, c)| c.width() == Some(0));
            let (part, after) = rest.split_at(marks.next().map_or(rest.len(), |(at, _)| at));
            rest = after;
            Some((part, first.width().unwrap_or(0)))
        })
    }

    /// In columns.
    pub fn width(&self) -> usize {
        width_of(&self.0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Breaks a word that is wider than a line; the last piece stays in `line`, and its width is answered.
fn break_word(word: &str, max: usize, line: &mut String, lines: &mut Vec<SafeText>) -> usize {
    let mut width = 0;
    for part in word.graphemes(true) {
        let columns = part.width();
        if width + columns > max && width > 0 {
            lines.push(SafeText(std::mem::take(line)));
            width = 0;
        }
        if columns <= max {
            line.push_str(part);
            width += columns;
        }
    }
    width
}

/// Printable ASCII: each is one column wide, and nothing in it deceives.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn width_of(text: &str) -> usize {
    if is_plain(text.as_bytes()) {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Appends one grapheme of outside text in a form that cannot deceive, and that is as wide where a
/// terminal joins its characters as where it draws each of them.
fn push_safe(grapheme: &str, out: &mut String) {
    let from = out.len();
    push_harmless(grapheme, out);
    let alone: usize = out[from..].chars().filter_map(UnicodeWidthChar::width).sum();
    if out[from..].width() == alone {
        return;
    }
    let joined = out.split_off(from);
    let mut chars = joined.chars();
    out.extend(chars.next());
    for c in chars {
        if c.is_ascii() { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
}

/// Each character of a grapheme by itself.
fn push_harmless(grapheme: &str, out: &mut String) {
    let mut marks = 0;
    // Whether a combining mark would land on a character it belongs to.
    let mut has_base = false;
    for (index, c) in grapheme.chars().enumerate() {
        match c {
            '\t' => {
                out.push(' ');
                has_base = false;
            }
            // A choice between text and emoji drawing; without it the width is the believed one.
            '\u{fe0e}' | '\u{fe0f}' if has_base => {}
            // `\r\n` is one grapheme.
            '\0'..='\u{1f}' => {
                out.push(control_picture(c));
                has_base = false;
            }
            // Marks that take a column of their own, and that not every measure counts: their
            // likes are letters.
            '\u{ff9e}' | '\u{ff9f}' => {
                out.push(if c == '\u{ff9e}' { '゛' } else { '゜' });
                has_base = true;
            }
            '\u{7f}' => {
                out.push('␡');
                has_base = false;
            }
            _ => {
                let width = c.width().unwrap_or(0);
                let mark = width == 0;
                marks += usize::from(mark);
                let fits = index < GRAPHEME_MAX && marks <= MARKS_MAX;
                if is_deceptive(c) || !fits || (mark && !has_base) {
                    out.extend(c.escape_unicode());
                    has_base = false;
                } else {
                    out.push(c);
                    // A line may end at a space: a mark on it would begin the next one.
                    has_base = c != ' ';
                }
            }
        }
    }
}

/// JSON without characters that could deceive a terminal: they stand as `\uXXXX`, which means the
/// same.
pub fn json(json: &str) -> String {
    if json.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)) {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let shown = SafeText::line(c.encode_utf8(&mut [0; 4]));
        if c == '\n' || shown.as_str().starts_with(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn control_picture(c: char) -> char {
    if c == '\n' { '␤' } else { char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}') }
}

/// C1 controls, line and paragraph separators, format characters and everything that a terminal
/// shows as nothing.
const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1345f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text as an attacker would write it: ordinary, wide, combining, controlling, hiding.
    pub fn hostile() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            any::<char>().prop_map(String::from),
            "[ -~]{1,8}",
            Just("監視".to_owned()),
            Just("e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".to_owned()),
            Just("\u{1b}[31m".to_owned()),
            Just("\r".to_owned()),
            Just("\u{9b}2J".to_owned()),
            Just("\u{202e}".to_owned()),
            Just("\u{2066}".to_owned()),
            Just("\u{200d}".to_owned()),
            Just("👨\u{200d}👩\u{200d}👧".to_owned()),
            Just("⚠\u{fe0f}".to_owned()),
            Just("ｶﾞ".to_owned()),
            Just("ലാ".to_owned()),
            Just("각".to_owned()),
            Just("👍🏽".to_owned()),
            Just("🇩🇪".to_owned()),
            Just("1\u{fe0f}\u{20e3}".to_owned()),
            Just("🏴\u{e0067}\u{e0062}\u{e007f}".to_owned()),
            Just("क्षि".to_owned()),
            Just("שלום لا".to_owned()),
            Just("\u{1b}]0;mine\u{7}".to_owned()),
            Just("\u{1b}]52;c;bWluZQ==\u{1b}\\".to_owned()),
            Just("\u{1b}P+q544e\u{1b}\\".to_owned()),
            Just("\u{9d}0;mine\u{9c}".to_owned()),
            Just("\u{1b}[?1049h\u{1b}[6n\u{1b}c".to_owned()),
            Just(String::from_utf8_lossy(b"\xff\xfe\xc3\x28").into_owned()),
            "[\u{300}-\u{36f}]{1,9}",
            "[\u{1f300}-\u{1faff}]{1,3}",
            Just("long ".repeat(60)),
        ];
        proptest::collection::vec(part, 0..25).prop_map(|parts| parts.concat())
    }

    pub(super) fn assert_harmless(text: &str) {
        for c in text.chars() {
            assert!(!c.is_control() && !is_deceptive(c), "{c:?} in {text:?}");
        }
        for grapheme in text.graphemes(true) {
            let marks = grapheme.chars().filter(|c| c.width() == Some(0)).count();
            assert!(marks <= MARKS_MAX, "{grapheme:?} has {marks} marks");
            assert!(grapheme.width() > 0, "{grapheme:?} shows nothing");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_deceives_comes_through(text in hostile()) {
            assert_harmless(SafeText::line(&text).as_str());
            for line in SafeText::lines(&text) {
                assert_harmless(line.as_str());
            }
        }

        #[test]
        fn clipped_text_fits(text in hostile(), max in 0_usize..50) {
            let clipped = SafeText::clipped(&text, max);
            assert_harmless(clipped.as_str());
            prop_assert!(clipped.width() <= max);
            prop_assert_eq!(&SafeText::line(&text).clip(max), &clipped);
            let whole = SafeText::line(&text);
            if whole.width() <= max {
                prop_assert_eq!(whole, clipped);
            } else if max > 0 {
                prop_assert!(clipped.as_str().ends_with('…'));
            }
        }

        #[test]
        fn plain_text_is_treated_as_any_other(text in "[ -~]{0,40}[é\u{301}監]?[ -~]{0,5}", max in 0_usize..50) {
            prop_assert_eq!(SafeText::clipped(&text, max), SafeText::clipped_graphemes(&text, max));
            let whole = SafeText::line(&text);
            prop_assert_eq!(&whole, &SafeText::line_of_graphemes(&text));
            let widths: usize = whole.parts().map(|(_, width)| width).sum();
            prop_assert_eq!(widths, whole.as_str().graphemes(true).map(UnicodeWidthStr::width).sum::<usize>());
            let parts: String = whole.parts().map(|(part, _)| part).collect();
            prop_assert_eq!(parts, whole.into_string());
        }

        #[test]
        fn wrapped_text_fits_and_loses_no_word(text in hostile(), max in 2_usize..40) {
            let whole = SafeText::line(&text);
            let lines = whole.wrap(max);
            for line in &lines {
                assert_harmless(line.as_str());
                prop_assert!(line.width() <= max, "{:?} is wider than {}", line, max);
            }
            let joined: String = lines.iter().map(SafeText::as_str).collect();
            let squeeze = |text: &str| text.split_whitespace().collect::<String>();
            let narrow = whole.as_str().graphemes(true).all(|g| g.width() <= max);
            if narrow {
                prop_assert_eq!(squeeze(&joined), squeeze(whole.as_str()));
            }
        }

        #[test]
        fn made_safe_twice_is_made_safe_once(text in hostile()) {
            let once = SafeText::line(&text);
            prop_assert_eq!(SafeText::line(once.as_str()), once);
        }

        #[test]
        fn ascii_is_ascii_and_keeps_the_width(text in hostile()) {
            let safe = SafeText::line(&text);
            prop_assert!(safe.ascii().as_str().is_ascii());
            prop_assert_eq!(safe.ascii().width(), safe.width());
        }
    }

    #[test]
    fn what_was_hidden_shows() {
        for (hostile, shown) in [
            ("\u{1b}[31mred", "␛[31mred"),
            ("over\rwritten", "over␍written"),
            ("two\nlines", "two␤lines"),
            ("dos\r\nline", "dos␍␤line"),
            ("a\tb", "a b"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\u{202e}cod.exe", "\\u{202e}cod.exe"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("e\u{301}", "e\u{301}"),
            ("\u{301}alone", "\\u{301}alone"),
            ("⚠\u{fe0f} disk", "⚠ disk"),
            ("監視", "監視"),
            ("ｶﾞｷﾟ", "ｶ゛ｷ゜"),
            ("👍🏽", "👍\\u{1f3fd}"),
            (" \u{301}", " \\u{301}"),
        ] {
            assert_eq!(SafeText::line(hostile).as_str(), shown, "{hostile:?}");
        }
        let zalgo = format!("e{}", "\u{301}".repeat(6));
        let shown = format!("e{}\\u{{301}}\\u{{301}}", "\u{301}".repeat(4));
        assert_eq!(SafeText::line(&zalgo).as_str(), shown);
    }

    #[test]
    fn json_keeps_its_meaning_and_loses_its_teeth() {
        let hostile = "a\u{9b}2J\u{202e}x\u{7f}監視\u{1f525}\u{e0041}\n\u{1b}[0m";
        let json = serde_json::to_string(hostile).unwrap();
        let safe = super::json(&json);
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
        for bad in ['\u{9b}', '\u{202e}', '\u{7f}', '\u{e0041}', '\u{1b}'] {
            assert!(!safe.contains(bad), "{bad:?} in {safe}");
        }
        assert!(safe.contains("監視"));
    }

    #[test]
    fn every_character_that_takes_columns_is_a_part() {
        let text = SafeText::line("e\u{301}監क्षि🇩🇪");
        let parts: Vec<_> = text.parts().collect();
        let marked = [("e\u{301}", 1), ("監", 2), ("क\u{94d}", 1), ("ष", 1), ("ि", 1)];
        assert_eq!(parts[..5], marked);
        assert_eq!(parts.iter().map(|(_, width)| width).sum::<usize>(), text.width());
    }

    #[test]
    fn a_wide_character_is_never_cut_in_half() {
        assert_eq!(SafeText::clipped("監視監視", 5).as_str(), "監視…");
        assert_eq!(SafeText::clipped("監視監視", 4).as_str(), "監…");
        assert_eq!(SafeText::clipped("監視", 4).as_str(), "監視");
        assert_eq!(SafeText::clipped("監", 1).as_str(), "…");
        assert_eq!(SafeText::clipped("a", 0).as_str(), "");
    }
}
