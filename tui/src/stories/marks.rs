use watchfire_shared::incident::{Incident, Priority, Status};

use super::client::Client;
use super::list::{many, page_with_more};
use super::world::*;
use crate::effect::Load;

/// The references of the marked incidents, in the order of the list.
pub fn marked(client: &Client) -> Vec<String> {
    let ids = client.model.marks.in_order(&client.model.list);
    let known = ids.iter().filter_map(|id| client.model.known.get(*id));
    known.map(|incident| incident.reference.to_string()).collect()
}

#[test]
fn space_marks_and_goes_on_and_the_row_shows_it_without_colour_too() {
    let mut client = Client::with(|start| start.look.colour = false).connected(&incidents());
    client.press("space space");
    assert_eq!(marked(&client), ["INC-204", "INC-203"]);
    assert_eq!(client.selected(), "INC-199");
    let screen = client.screen();
    assert!(screen.contains("◆INC-204") && screen.contains("◆INC-203"), "{screen}");
    assert!(!screen.contains("◆INC-199") && screen.contains("2 marked"), "{screen}");
    client.press("k space");
    assert_eq!(marked(&client), ["INC-204"], "the second time it is a mark no more");
    client.model.look.unicode = false;
    assert!(client.screen().contains("#INC-204"), "{}", client.screen());
}

#[test]
fn a_range_reaches_from_the_last_mark_to_the_cursor_both_ways() {
    let mut client = Client::live();
    client.press("space j v");
    assert_eq!(marked(&client), ["INC-204", "INC-203", "INC-199"]);
    client.press("esc G v k k v");
    assert_eq!(marked(&client), ["INC-199", "INC-201", "INC-150"]);
    // What began the range has left the list: the cursor begins another one.
    client.press("esc G space g");
    client.stream(deleted_event(&incidents()[4]));
    client.press("v");
    assert_eq!(marked(&client), ["INC-204"]);
}

#[test]
fn a_star_marks_all_in_view_and_then_none_of_them() {
    let mut client = Client::live();
    client.press("j space *");
    assert_eq!(marked(&client).len(), 5);
    client.press("*");
    assert!(marked(&client).is_empty());
}

#[test]
fn a_star_says_when_the_query_finds_more_than_is_loaded() {
    let mut client = Client::new();
    client.stream(hello());
    client.answer_all(|load| match load {
        Load::Incidents { cursor: None, .. } => Some(page_with_more(many(1, 51), "c")),
        Load::Incidents { .. } => None,
        other => usual(other),
    });
    client.press("*");
    assert_eq!(client.model.marks.len(), 50);
    assert!(client.flash().contains("not loaded yet"), "{}", client.flash());
}

#[test]
fn marks_stay_on_their_incidents_whatever_happens_to_the_rows() {
    let mut client = Client::live();
    client.press("j space");
    let new = Incident { priority: Priority::Critical, ..incident(300, "Comes first") };
    client.stream(created_event(new));
    let low = next(&incidents()[1], |incident| incident.priority = Priority::Low);
    client.stream(updated_event(&low));
    client.wait(1_000);
    let mut all = incidents();
    all[1] = low;
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(page(all.clone())),
        other => usual(other),
    });
    assert_eq!(marked(&client), ["INC-203"]);
}

#[test]
fn what_leaves_the_list_stays_marked_and_is_counted_and_what_is_deleted_is_not() {
    let mut client = Client::live();
    client.press("space space space g");
    client.press("/");
    client.event(crate::event::Event::Paste("status:resolved".to_owned()));
    client.press("enter");
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(page(vec![Incident {
            status: Status::Resolved,
            ..incident(201, "Search index lags behind")
        }])),
        other => usual(other),
    });
    assert_eq!(client.model.marks.len(), 3);
    assert!(client.screen().contains("3 marked, 3 not in view"), "{}", client.screen());
    client.stream(deleted_event(&incidents()[0]));
    assert!(client.screen().contains("2 marked, 2 not in view"), "{}", client.screen());
}

#[test]
fn esc_clears_the_marks_before_the_query() {
    let mut client = Client::live();
    client.press("/");
    client.event(crate::event::Event::Paste("disk".to_owned()));
    client.press("enter");
    client.answer_all(usual);
    client.press("space");
    let query = client.model.list.query.applied.clone();
    client.press("esc");
    assert!(client.model.marks.is_empty());
    assert_eq!(client.model.list.query.applied, query);
    client.press("esc");
    assert_ne!(client.model.list.query.applied, query);
}

#[test]
fn nothing_is_marked_in_a_list_that_is_not_there_yet() {
    let mut client = Client::new();
    client.stream(hello());
    client.press("space");
    client.press("v");
    client.press("*");
    assert!(client.model.marks.is_empty());
    assert!(!client.flash().is_empty());
    let mut client = Client::live();
    client.stream(deleted_event(&incidents()[0]));
    client.press("space");
    assert!(client.model.marks.is_empty(), "it was deleted under the cursor");
    client.press("*");
    assert_eq!(client.model.marks.len(), 4);
}
