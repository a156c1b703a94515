//! Incidents of one cause, found from one of them and handed over together.

use watchfire_shared::filter::Filter;
use watchfire_shared::incident::Incident;

use super::client::Client;
use super::world::*;
use crate::effect::Load;
use crate::event::Outcome;
use crate::model::query::DEFAULT_QUERY;

/// What the list asks for now.
fn filter(client: &mut Client) -> String {
    let loads = client.loads();
    let asked = loads.into_iter().rev().find_map(|(_, load)| match load {
        Load::Incidents { filter, .. } => Some(filter),
        _ => None,
    });
    asked.expect("the list is asked for")
}

fn labelled(number: i64, service: &str, labels: &[(&str, &str)]) -> Incident {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Incident {
        service: service.to_owned(),
        labels: labels.collect(),
        ..incident(number, "Checkout is slow")
    }
}

#[test]
fn one_key_finds_what_shares_the_service_then_the_labels_and_esc_clears() {
    let first = labelled(204, "check out", &[("cluster", "eu-1"), ("zone", "a\"b")]);
    let mut client = Client::new().connected(std::slice::from_ref(&first));
    for wanted in ["service:\"check out\"", "label:cluster=eu-1", "label:zone=\"a\\\"b\""] {
        client.press("f");
        let asked = filter(&mut client);
        assert_eq!(asked, format!("-status:closed {wanted}"));
        asked.parse::<Filter>().expect("it reads back");
        client.press("f *");
        assert!(client.model.marks.is_empty(), "nothing is done before its rows are there");
        client.wait(10);
        let mut again = Client::new().connected(std::slice::from_ref(&first));
        std::mem::swap(&mut again.model.list.query, &mut client.model.list.query);
        client = again;
        client.model.list.query.applied = asked;
    }
    client.press("f");
    assert!(filter(&mut client).contains("service:"), "it begins anew");
    client.press("esc");
    assert_eq!(filter(&mut client), DEFAULT_QUERY);
}

#[test]
fn the_cursor_stays_on_its_incident_and_nothing_to_relate_is_said() {
    let bare = labelled(1, "", &[]);
    let mut client = Client::new().connected(&[bare]);
    client.press("f");
    assert!(client.loads().is_empty());
    assert!(client.flash().contains("INC-1 has neither a service nor a label"));
    let mut client = Client::live();
    client.press("j f");
    let chosen = client.selected();
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(page(incidents())),
        other => usual(other),
    });
    assert_eq!(client.selected(), chosen);
    insta::assert_snapshot!("related", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("related_200", client.screen());
}

#[test]
fn marks_are_handed_over_alone_and_without_marks_it_is_the_shift() {
    let mut client = Client::live();
    client.press("space space H");
    let asked = client.loads().into_iter().map(|(_, load)| load).collect::<Vec<_>>();
    let [Load::HandoverOf { ids, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*ids, [id(204), id(203)]);
    client.press("esc H");
    client.answer_all(usual);
    insta::assert_snapshot!("handover_of_marks", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("handover_of_marks_200", client.screen());
    client.press("q esc H");
    let shift = |(_, load): &(_, Load)| matches!(load, Load::Handover { .. });
    assert!(client.loads().iter().any(shift));
}

#[test]
fn a_handover_that_cannot_be_read_says_so() {
    let mut client = Client::live();
    client.press("* H");
    client.answer_all(|load| match load {
        Load::HandoverOf { .. } => Some(Outcome::Failed(offline())),
        other => usual(other),
    });
    assert!(client.screen().contains("does not answer"), "{}", client.screen());
}
