//! The text in tokens. A token is a list of characters that remember their place and whether they
//! were quoted, so that every error has an exact range and what is quoted is never syntax.

use super::FilterError;

pub(super) fn mistake(start: usize, end: usize, message: impl Into<String>) -> FilterError {
    FilterError { start, end, message: message.into() }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    at: usize,
    ch: char,
    quoted: bool,
}

/// What stands between two spaces; the range counts the quotes, the glyphs do not hold them.
#[derive(Debug)]
pub(super) struct Token {
    start: usize,
    end: usize,
    glyphs: Vec<Glyph>,
}

impl Token {
    pub(super) fn piece(&self) -> Piece<'_> {
        Piece { start: self.start, end: self.end, glyphs: &self.glyphs }
    }
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some(&(start, ch)) = chars.peek() {
        if ch.is_whitespace() {
            chars.next();
            continue;
        }
        let mut token = Token { start, end: start, glyphs: Vec::new() };
        let mut opened = None;
        while let Some((at, ch)) = chars.next_if(|(_, ch)| opened.is_some() || !ch.is_whitespace())
        {
            token.end = at + 1;
            let (at, ch) = match ch {
                '"' => {
                    opened = if opened.is_some() { None } else { Some(at) };
                    continue;
                }
                '\\' if opened.is_some() => match chars.next() {
                    Some(escaped) => escaped,
                    None => break,
                },
                _ => (at, ch),
            };
            if ch == '\0' {
                let message = "a filter has no NUL character; take it out";
                return Err(mistake(at, at + 1, message));
            }
            token.end = at + 1;
            token.glyphs.push(Glyph { at, ch, quoted: opened.is_some() });
        }
        if let Some(quote) = opened {
            let message = "this quote is not closed; put another \" where the text ends";
            return Err(mistake(quote, token.end, message));
        }
        tokens.push(token);
    }
    Ok(tokens)
}

/// A part of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) glyphs: &'a [Glyph],
}

impl Piece<'_> {
    pub(super) fn text(self) -> String {
        self.glyphs.iter().map(|glyph| glyph.ch).collect()
    }

    pub(super) fn has_quotes(self) -> bool {
        self.glyphs.len() < self.end - self.start
    }

    /// The rest after a sign, where the piece starts with it unquoted.
    pub(super) fn after(self, sign: &str) -> Option<Self> {
        let length = sign.chars().count();
        let matches = self.glyphs.len() >= length
            && self.glyphs.iter().zip(sign.chars()).enumerate().all(|(index, (glyph, ch))| {
                glyph.ch == ch && !glyph.quoted && glyph.at == self.start + index
            });
        matches.then(|| Self { start: self.start + length, glyphs: &self.glyphs[length..], ..self })
    }

    /// The parts before and after the first unquoted sign.
    pub(super) fn split(self, sign: char) -> Option<(Self, Self)> {
        let index = self.glyphs.iter().position(|glyph| glyph.ch == sign && !glyph.quoted)?;
        let at = self.glyphs[index].at;
        let before = Piece { end: at, glyphs: &self.glyphs[..index], ..self };
        let after = Piece { start: at + 1, glyphs: &self.glyphs[index + 1..], ..self };
        Some((before, after))
    }

    pub(super) fn refuse(self, message: impl Into<String>) -> FilterError {
        mistake(self.start, self.end, message)
    }
}
