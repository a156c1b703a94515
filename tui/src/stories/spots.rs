//! Coming back, and knowing where one is.

use super::client::Client;
use super::world::*;
use crate::effect::Load;
use crate::model::detail::Tab;
use crate::model::{Look, Screen};

#[test]
fn the_last_view_comes_back_and_again() {
    let mut client = Client::opened();
    client.press("] 4 -");
    assert_eq!(client.model.screen, Screen::Detail);
    assert_eq!(client.model.detail.as_ref().map(|d| (d.id, d.tab)), Some((id(204), Tab::Timeline)));
    client.press("-");
    assert_eq!(client.model.screen, Screen::Cache);
    client.press("-");
    assert_eq!(client.model.screen, Screen::Detail);
}

#[test]
fn the_incident_before_comes_back_though_another_was_opened() {
    let mut client = Client::opened();
    client.press("] esc j enter 5 - -");
    assert_eq!(client.model.screen, Screen::Events);
    client.press("-");
    assert_eq!(client.model.detail.as_ref().map(|d| (d.id, d.tab)), Some((id(203), Tab::Overview)));
    client.answer_all(usual);
    assert!(client.screen().contains("INC-203 Payment retries"), "{}", client.screen());
}

#[test]
fn the_list_comes_back_with_its_query() {
    let mut client = Client::live();
    client.press("/");
    client.type_text("priority:high");
    client.press("enter");
    client.answer_all(usual);
    let query = client.model.list.query.applied.clone();
    client.press("esc");
    client.answer_all(usual);
    assert_ne!(client.model.list.query.applied, query);
    client.press("-");
    let asked = |load: &Load| matches!(load, Load::Incidents { filter, .. } if *filter == query);
    assert!(client.loads().iter().any(|(_, load)| asked(load)), "it is read again");
    assert_eq!(client.model.list.query.applied, query);
}

#[test]
fn nothing_before_and_nothing_left_are_said() {
    let mut client = Client::live();
    client.press("-");
    assert_eq!(client.flash(), "There is no view before this one yet");
    client.press("enter esc");
    client.stream(deleted_event(&incidents()[0]));
    client.press("-");
    assert_eq!(client.model.screen, Screen::Incidents);
    assert_eq!(client.flash(), "The incident of the last view was deleted");
}

#[test]
fn a_tab_or_a_page_on_top_is_no_other_view() {
    let mut client = Client::live();
    client.press("enter ] ] ? esc @ esc -");
    assert_eq!(client.model.screen, Screen::Incidents);
}

#[test]
fn the_foot_says_where_one_is_and_lets_the_way_go_first() {
    let mut client = Client::opened();
    client.press("[");
    client.resize(120, 24);
    assert!(client.screen().contains("incidents › INC-204 › logs"), "{}", client.screen());
    client.press("@");
    assert!(client.screen().contains("incidents › INC-204 › @ commands"), "{}", client.screen());
    client.press("esc");
    client.resize(80, 24);
    assert!(!client.screen().contains('›'), "{}", client.screen());
    let mut plain = Client::with(|start| start.look = Look { colour: false, unicode: false })
        .connected(&incidents());
    plain.resize(120, 24);
    plain.press("4 ?");
    assert!(plain.screen().contains("cache > ? help"), "{}", plain.screen());
}
