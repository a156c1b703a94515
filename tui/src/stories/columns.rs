//! Columns and views, chosen on the screen.

use std::path::Path;

use super::client::Client;
use super::world::*;
use crate::effect::Effect;
use crate::event::{Failure, FailureKind, Outcome};
use crate::model::columns::Column;
use crate::settings;

fn choosing() -> Client {
    let mut client = Client::live();
    client.press(":");
    client.type_text("columns");
    client.press("enter");
    client
}

fn header(client: &Client) -> String {
    client.screen().lines().nth(2).unwrap_or_default().to_owned()
}

/// The table that is to be written, and its request.
fn written(client: &mut Client) -> Option<(crate::effect::RequestId, String)> {
    client.take().into_iter().find_map(|effect| match effect {
        Effect::SaveView { request, text } => Some((request, text)),
        _ => None,
    })
}

fn name(client: &mut Client, name: &str) {
    client.press(":");
    client.type_text("save-view");
    client.press("enter");
    client.type_text(name);
    client.press("enter");
}

#[test]
fn the_list_shows_each_choice_at_once_and_esc_takes_it_back() {
    let mut client = choosing();
    insta::assert_snapshot!("columns_choosing", client.screen());
    let before = header(&client);
    client.press("space");
    assert!(!header(&client).contains("PRI"), "{}", client.screen());
    client.press("j J J");
    assert!(header(&client).starts_with(" STATUS"), "{}", client.screen());
    client.press("K K K K");
    assert!(header(&client).starts_with(" REF"), "{}", client.screen());
    client.press("esc");
    assert_eq!(header(&client), before);
    let mut client = choosing();
    client.press("space enter");
    assert!(!header(&client).contains("PRI"), "it stays");
    let mut plain = choosing();
    plain.model.look = crate::model::Look { colour: false, unicode: false };
    plain.resize(44, 12);
    insta::assert_snapshot!("columns_choosing_plain", plain.screen());
}

#[test]
fn the_last_column_stays() {
    let mut client = choosing();
    for _ in Column::ALL {
        client.press("space j");
    }
    assert_eq!(client.model.list.columns.as_ref().expect("chosen").0.len(), 1);
}

#[test]
fn what_the_list_shows_is_written_as_a_view_and_read_back_the_same() {
    let mut client = choosing();
    client.press("space enter s b");
    client.answer_all(usual);
    client.press("/ ctrl-u");
    client.type_text("service:\"a b\" -status:closed");
    client.press("enter");
    client.answer_all(usual);
    name(&mut client, " the \"best\" \\ one ");
    let (request, text) = written(&mut client).expect("a table");
    let (read, mistakes) = settings::read(Path::new("config.toml"), &text);
    assert_eq!(mistakes, [], "{text}");
    let view = client.model.view_now("the \"best\" \\ one");
    assert_eq!(read.setup.views, [view]);
    client.done(request, Outcome::Saved("config.toml".to_owned()));
    assert!(client.flash().contains("written to config.toml"), "{}", client.flash());
    assert_eq!(client.model.shown_view().as_deref(), Some("the \"best\" \\ one"));
    client.press("b");
    assert_eq!(client.model.shown_view().as_deref(), Some("the \"best\" \\ one*"));
    client.press("V");
    assert!(client.screen().contains("view the \"best\""), "{}", client.screen());
}

#[test]
fn a_name_that_there_is_stays_what_it_is() {
    let mut client = Client::live();
    let view = client.model.view_now("mine");
    client.model.setup.views.push(view);
    name(&mut client, "mine");
    assert_eq!(written(&mut client), None);
    insta::assert_snapshot!("view_name_taken", client.screen());
    client.press("2");
    client.press("enter");
    assert!(written(&mut client).expect("a table").1.starts_with("[views.\"mine2\"]\n"));
    name(&mut client, "");
    assert!(client.screen().contains("It needs a name"), "{}", client.screen());
}

#[test]
fn what_cannot_be_written_is_said_and_is_no_view() {
    let mut client = Client::live();
    name(&mut client, "mine");
    let (request, _) = written(&mut client).expect("a table");
    let failure = Failure::new(FailureKind::Offline, "config.toml not written: no space");
    client.done(request, Outcome::Failed(failure));
    assert_eq!(client.flash(), "config.toml not written: no space");
    assert!(client.model.view("mine").is_none() && client.model.list.view.is_none());
}
