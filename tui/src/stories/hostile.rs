//! Hostile text on every screen, in an emulator: what stands in its cells is what the buffer says,
//! nothing it could be asked for was asked, and no width drifts. `WATCHFIRE_HOSTILE_LINES` says how
//! many texts are made, at least.

use std::cell::RefCell;
use std::num::NonZeroU16;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRng, TestRunner};
use ratatui::backend::Backend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;
use vt100::{Callbacks, Parser};

use super::client::Client;
use super::size_of;
use super::sizes::{answer, screens};
use crate::run::screen::Anchored;
use crate::safe;

thread_local! {
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Where hostile text comes from, and how much has come.
struct Source {
    runner: TestRunner,
    texts: BoxedStrategy<String>,
    made: usize,
}

/// The next hostile text on a thread that has a source of them.
pub fn next() -> Option<String> {
    SOURCE.with_borrow_mut(|source| {
        let source = source.as_mut()?;
        source.made += 1;
        let tree = source.texts.new_tree(&mut source.runner);
        Some(tree.expect("a strategy without a filter").current())
    })
}

/// Notes whatever a terminal was asked for that is not text in its place.
#[derive(Default)]
struct Asked(Vec<String>);

impl Callbacks for Asked {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("a bell".to_owned());
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("a flash".to_owned());
    }
    fn resize(&mut self, _: &mut vt100::Screen, size: (u16, u16)) {
        self.0.push(format!("a size: {size:?}"));
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        self.0.push(format!("a name: {name:?}"));
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("a title: {title:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], text: &[u8]) {
        self.0.push(format!("the clipboard: {text:?}"));
    }
    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("what is in the clipboard".to_owned());
    }
    fn unhandled_char(&mut self, _: &mut vt100::Screen, c: char) {
        self.0.push(format!("a character: {c:?}"));
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.0.push(format!("a control: {byte:#04x}"));
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, b: u8) {
        self.0.push(format!("an escape: {b:#04x}"));
    }
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        _: Option<u8>,
        _: Option<u8>,
        _: &[&[u16]],
        c: char,
    ) {
        // It does not know every style.
        if c != 'm' {
            self.0.push(format!("a sequence: {c:?}"));
        }
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, words: &[&[u8]]) {
        self.0.push(format!("a command: {words:?}"));
    }
}

/// An emulator, and the buffer that was drawn last.
struct Emulator {
    parser: Parser<Asked>,
    drawn: Buffer,
}

impl Emulator {
    fn new(columns: u16, rows: u16) -> Self {
        let cells = |count| NonZeroU16::new(count).expect("a screen has cells");
        let parser = Parser::new_with_callbacks(cells(rows), cells(columns), 0, Asked::default());
        Self { parser, drawn: Buffer::empty(Rect::new(0, 0, columns, rows)) }
    }

    /// Draws what has changed since the last frame, as the program does.
    fn show(&mut self, name: &str, client: &mut Client) {
        let area = self.drawn.area;
        client.resize(area.width, area.height);
        client.answer_all(answer);
        let buffer = client.buffer();
        let mut bytes = Vec::new();
        let changes = self.drawn.diff(&buffer);
        Anchored::new(&mut bytes).draw(changes.into_iter()).expect("a vector takes all");
        let text = String::from_utf8(bytes).expect("the program writes text");
        self.parser.process(text.replace('\u{fffd}', "?").as_bytes());
        assert_eq!(self.parser.callbacks().0, [""; 0], "{name}");
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        for y in 0..area.height {
            let mut x = 0;
            while x < area.width {
                x += self.assert_cell(name, &buffer, x, y);
            }
        }
        self.drawn = buffer;
    }

    /// The columns of the cell.
    fn assert_cell(&self, name: &str, buffer: &Buffer, x: u16, y: u16) -> u16 {
        let symbol = buffer[(x, y)].symbol();
        let width = u16::try_from(symbol.width()).unwrap_or(1).max(1);
        let stands: String = (x..x + width)
            .filter_map(|x| self.parser.screen().cell(y, x))
            .map(vt100::Cell::contents)
            .collect();
        let stands = if stands.is_empty() { " " } else { &stands };
        // This emulator, unlike terminals, draws nothing for bytes that are no text.
        assert_eq!(
            stands,
            symbol.replace('\u{fffd}', "?"),
            "{name} at {x}, {y} of {:?}",
            buffer.area
        );
        width
    }
}

#[test]
fn hostile_text_stands_in_its_cells_on_every_screen() {
    let rng = TestRng::deterministic_rng(Config::default().rng_algorithm);
    let runner = TestRunner::new_with_rng(Config::default(), rng);
    SOURCE.set(Some(Source { runner, texts: safe::tests::hostile().boxed(), made: 0 }));
    let mut emulators = [(80, 24), (200, 60), (33, 9)].map(|(w, h)| Emulator::new(w, h));
    let made = || SOURCE.with_borrow(|source| source.as_ref().map_or(0, |source| source.made));
    let wanted = size_of("WATCHFIRE_HOSTILE_LINES", 2_000);
    while made() < wanted {
        for (name, client) in &mut screens() {
            for emulator in &mut emulators {
                emulator.show(name, client);
            }
        }
    }
    println!("{} texts", made());
    SOURCE.set(None);
}
