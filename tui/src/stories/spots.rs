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
    assert!(client.screen().contains("incidents › INC-204 › @:commands"), "{}", client.screen());
    client.press("esc");
    client.resize(80, 24);
    let screen = client.screen();
    assert!(screen.contains(" INC-204 › logs") && !screen.contains("incidents ›"), "{screen}");
    let mut plain = Client::with(|start| start.look = Look { colour: false, unicode: false })
        .connected(&incidents());
    plain.resize(120, 24);
    plain.press("4 ?");
    assert!(plain.screen().contains("cache > ?:help"), "{}", plain.screen());
}

#[test]
fn digits_are_screens_everywhere() {
    use Screen::{Cache, Detail, Events, Health, Incidents, Logs, People};
    let screens = [Incidents, Detail, Logs, Cache, Events, Health, People];
    for from in 1..=7 {
        for (to, screen) in (1..=7).zip(screens) {
            let mut client = Client::live();
            client.press(&from.to_string());
            client.answer_all(usual);
            client.press(&to.to_string());
            assert_eq!(client.model.screen, screen, "{from} then {to}");
        }
    }
}

#[test]
fn two_goes_to_the_incident_that_was_open_or_selected_last() {
    let is_open = |client: &Client| client.model.detail.as_ref().map(|detail| detail.id);
    let mut client = Client::opened();
    client.press("5 6 2");
    assert_eq!((client.model.screen, is_open(&client)), (Screen::Detail, Some(id(204))));
    client.press("1 j 4 7 2");
    assert_eq!((client.model.screen, is_open(&client)), (Screen::Detail, Some(id(203))));
    client.press("3 2");
    assert_eq!(is_open(&client), Some(id(203)), "there is no line yet");
    client.press("3");
    client.answer_all(usual);
    client.press("2");
    assert_eq!(is_open(&client), Some(id(204)), "that of the line");
    client.press("4");
    client.stream(deleted_event(&incidents()[0]));
    client.press("2");
    assert_eq!(client.model.screen, Screen::Cache);
    assert_eq!(client.flash(), "This incident was deleted");
    let mut empty = Client::new().connected(&[]);
    empty.press("2");
    assert_eq!(empty.flash(), "No incident is selected");
    empty.press("4 2");
    assert_eq!(
        (empty.model.screen, empty.flash().as_str()),
        (Screen::Cache, "No incident is selected")
    );
}

#[test]
fn an_incident_has_names_too() {
    for name in ["incident", "detail"] {
        let mut client = Client::live();
        client.press("j 4 :");
        client.type_text(name);
        client.press("enter");
        assert!(client.model.is_open(id(203)), "{name}: {}", client.screen());
    }
}

#[test]
fn tab_turns_the_screens_that_have_no_tabs_of_their_own() {
    use Screen::{Cache, Events, Health, Incidents, Logs, People};
    let round = [Logs, Cache, Events, Health, People, Incidents];
    let mut client = Client::live();
    for screen in round {
        client.press("tab");
        client.answer_all(usual);
        assert_eq!(client.model.screen, screen);
    }
    for screen in round.iter().rev().skip(1).chain([&Incidents]) {
        client.press("shift-tab");
        assert_eq!(client.model.screen, *screen);
    }
    client.press("enter tab");
    assert_eq!(client.model.detail.as_ref().map(|detail| detail.tab), Some(Tab::Timeline));
}
