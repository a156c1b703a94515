//! What each theme makes of the screens, cell by cell; and that none is needed to tell things apart.

use std::fmt::Write as _;

use super::cached::{COLOUR, SMALL, shows, with_redis};
use super::client::Client;
use super::world::*;
use crate::event::StreamEvent;
use crate::ink::{BUILT_IN, Depth, Inks};
use crate::model::commands::Tone;
use crate::model::{Look, Start};
use crate::theme::{Theme, short_priority, short_status};
use watchfire_shared::incident::{Incident, Priority, Status};

/// The inks of a theme by its name, on a terminal with so many colours.
fn themed(name: &str, depth: Depth) -> Inks {
    let (_, text) = BUILT_IN.into_iter().find(|(it, _)| *it == name).expect("a theme");
    let folder = std::path::Path::new("config.toml");
    let (read, mistakes) = crate::settings::read(folder, &format!("theme = \"{name}\"\n"));
    assert_eq!(mistakes, [], "{text}");
    read.setup.inks.within(depth)
}

/// Each cell with a letter for how it looks, and below what the letters mean.
fn looks(client: &Client) -> String {
    let buffer = client.buffer();
    let mut seen = Vec::new();
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let look = (cell.fg, cell.bg, cell.modifier);
            let blank = cell.symbol() == " " && cell.bg == ratatui::style::Color::Reset;
            let at = seen.iter().position(|it| *it == look).unwrap_or_else(|| {
                if !blank {
                    seen.push(look);
                }
                seen.len() - usize::from(!blank)
            });
            line.push(if blank { ' ' } else { char::from(b'a' + u8::try_from(at).expect("few")) });
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for (at, (fg, bg, marks)) in seen.iter().enumerate() {
        let letter = char::from(b'a' + u8::try_from(at).expect("few"));
        let _ = writeln!(out, "{letter} {fg} on {bg} {marks:?}");
    }
    out
}

#[test]
fn the_list_and_the_cache_in_every_theme() {
    for (name, depth) in [
        ("dark", Depth::True),
        ("dark", Depth::Sixteen),
        ("light", Depth::True),
        ("high-contrast", Depth::True),
        ("colour-blind", Depth::True),
        ("colour-blind", Depth::Sixteen),
        ("mono", Depth::True),
    ] {
        let inks = themed(name, depth);
        let colours = if depth == Depth::Sixteen { "_16" } else { "" };
        let list = Client::with(|start| start.setup.inks = inks).connected(&incidents());
        insta::assert_snapshot!(format!("theme_{name}{colours}_list"), looks(&list));
        let mut cache = shows(&with_redis(), COLOUR, SMALL);
        cache.model.setup.inks = inks;
        insta::assert_snapshot!(format!("theme_{name}{colours}_cache"), looks(&cache));
    }
}

/// All of these are different.
fn assert_apart(what: &str, mut texts: Vec<String>) {
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), count, "{what}: {texts:?}");
}

fn without_colour(unicode: bool) -> impl Fn(&mut Start) {
    move |start| start.look = Look { colour: false, unicode }
}

#[test]
fn without_colour_every_state_is_told_by_its_sign_or_word() {
    let statuses = [Status::Open, Status::Investigating, Status::Resolved, Status::Closed];
    for unicode in [true, false] {
        let client = Client::with(without_colour(unicode)).connected(&incidents());
        let theme = Theme::new(&client.model);
        let all = Priority::ALL.iter().map(|it| short_priority(*it).to_owned()).collect();
        assert_apart("priority", all);
        assert_apart("status", statuses.iter().map(|it| short_status(*it).to_owned()).collect());
        let glyphs = Priority::ALL.iter().map(|it| theme.priority_glyph(*it).to_owned());
        assert_apart("glyph of a priority", glyphs.collect());
        let glyphs = statuses.iter().map(|it| theme.status_glyph(*it).to_owned());
        assert_apart("glyph of a status", glyphs.collect());
        let tones = [Tone::Good, Tone::Warning, Tone::Bad];
        assert_apart("tone", tones.map(|it| theme.tone_glyph(it).to_owned()).to_vec());
        let link = [theme.live(), theme.old(), theme.offline()];
        assert_apart("connection", link.map(str::to_owned).to_vec());
    }
}

#[test]
fn without_colour_the_connection_and_what_is_selected_marked_new_or_pending_are_seen() {
    for unicode in [true, false] {
        let head = |client: &Client| client.screen().lines().next().unwrap_or_default().to_owned();
        let mut client = Client::with(without_colour(unicode)).connected(&incidents());
        let live = head(&client);
        client.wait(40_000);
        let old = head(&client);
        client.stream(StreamEvent::Lost {
            reason: "refused".to_owned(),
            retry_in: std::time::Duration::from_secs(9),
        });
        assert_apart("head", vec![live, old, head(&client)]);

        let mut client = Client::with(without_colour(unicode)).connected(&incidents());
        let row = |client: &Client| {
            let buffer = client.buffer();
            (0..80)
                .map(|x| (buffer[(x, 3)].symbol().to_owned(), buffer[(x, 3)].modifier))
                .collect::<Vec<_>>()
        };
        let selected = row(&client);
        client.press("space");
        let marked = row(&client);
        client.press("g");
        let both = row(&client);
        client.press("esc a");
        let pending = row(&client);
        for (what, one, other) in [
            ("marked", &selected, &marked),
            ("selected and marked", &marked, &both),
            ("pending", &selected, &pending),
        ] {
            assert_ne!(one, other, "{what}");
        }
        let firing = Incident { firing_alerts: 1, status: Status::Resolved, ..incident(9, "x") };
        let with = Client::with(without_colour(unicode)).connected(std::slice::from_ref(&firing));
        let without = Incident { firing_alerts: 0, ..firing };
        let without = Client::with(without_colour(unicode)).connected(&[without]);
        assert_ne!(row(&with), row(&without), "still firing");
    }
}
