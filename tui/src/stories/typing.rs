use super::client::Client;
use crate::effect::Effect;
use crate::event::{Event, KeyCode, KeyInput};
use crate::keymap::{Context, bindings};

/// Every character that some binding uses, and some that none does.
fn characters() -> String {
    let mut all: String = bindings()
        .flat_map(|binding| binding.keys)
        .filter_map(|key| match key.code {
            KeyCode::Char(c) if !key.ctrl && !key.alt => Some(c),
            _ => None,
        })
        .collect();
    all.push_str("qQ?/ß監 1");
    all
}

fn places() -> Vec<(Context, Client)> {
    let signed_out = Client::with(|start| start.signed_in = false);
    let mut query = Client::live();
    query.press("/");
    let mut comment = Client::live();
    comment.press("n");
    let mut new = Client::live();
    new.press("N");
    let mut title = Client::live();
    title.press("t");
    let mut people = Client::live();
    people.press("A");
    let mut search = Client::opened();
    search.press("/");
    let mut palette = Client::live();
    palette.press(":");
    vec![
        (Context::Palette, palette),
        (Context::SignIn, signed_out),
        (Context::Query, query),
        (Context::Comment, comment),
        (Context::NewIncident, new),
        (Context::Title, title),
        (Context::People, people),
        (Context::Search, search),
    ]
}

#[test]
fn text_fields_take_every_key() {
    let typed = characters();
    for (context, mut client) in places() {
        assert_eq!(client.model.context(), context);
        client.resize(200, 24);
        client.take();
        client.type_text(&typed);
        assert_eq!(client.model.context(), context, "still there");
        assert!(client.take().is_empty(), "{context:?} did something");
        assert!(client.screen().contains(&typed), "{context:?}\n{}", client.screen());
    }
}

#[test]
fn pasted_text_is_text_and_never_a_command() {
    for (context, mut client) in places() {
        client.take();
        client.event(Event::Paste("q?\nr\r\nx".to_owned()));
        assert_eq!(client.model.context(), context);
        assert!(client.take().is_empty(), "{context:?}");
        assert!(client.screen().contains("q?"));
    }
    let mut client = Client::live();
    client.take();
    client.event(Event::Paste("aq".to_owned()));
    assert!(client.take().is_empty(), "where there is no field nothing happens");
}

#[test]
fn quitting_is_q_outside_text_and_ctrl_c_anywhere() {
    let mut client = Client::live();
    client.press("q");
    assert!(client.take().contains(&Effect::Quit));
    for (context, mut client) in places() {
        client.press("ctrl-c");
        assert!(client.take().contains(&Effect::Quit), "{context:?}");
    }
}

#[test]
fn unknown_chords_do_nothing() {
    let mut client = Client::live();
    client.take();
    client.press("ctrl-x ctrl-a ctrl-q");
    client.event(Event::Key(KeyInput { alt: true, ..KeyInput::char('q') }));
    assert!(client.take().is_empty());
}

#[test]
fn left_and_right_choose_the_priority_of_a_new_incident() {
    let mut client = Client::live();
    client.press("N tab left left left");
    assert!(client.screen().contains("critical"));
    client.press("right");
    assert!(client.screen().contains("high"));
    client.press("l");
    assert!(client.screen().contains("low"));
}

#[test]
fn the_key_that_opened_a_page_closes_it() {
    let mut client = Client::live();
    for key in ["?", "@"] {
        client.press(key);
        assert_ne!(client.model.context(), Context::List);
        client.press(key);
        assert_eq!(client.model.context(), Context::List);
    }
}
