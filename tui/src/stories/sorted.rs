//! The order of the list is the person's choice.

use watchfire_shared::incident::{Incident, Priority};
use watchfire_shared::page::{Sort, SortKey};

use super::client::Client;
use super::world::*;
use crate::effect::Load;

/// The order the list was asked for in, once.
fn asked(client: &mut Client) -> Sort {
    let orders: Vec<Sort> = client
        .loads()
        .into_iter()
        .filter_map(|(_, load)| match load {
            Load::Incidents { sort, .. } => Some(sort),
            _ => None,
        })
        .collect();
    let [sort] = orders[..] else { panic!("asked for {orders:?}") };
    sort
}

#[test]
fn s_goes_through_the_orders_and_capital_s_turns_one_round() {
    let mut client = Client::live();
    let mut seen = Vec::new();
    for _ in SortKey::ALL {
        client.press("s");
        seen.push(asked(&mut client));
    }
    assert_eq!(seen.last(), Some(&Sort::default()), "{seen:?}");
    for key in SortKey::ALL {
        assert!(seen.contains(&Sort { by: *key, reversed: false }), "{key} is missing");
    }
    client.press("S");
    assert_eq!(asked(&mut client), Sort { reversed: true, ..Sort::default() });
    client.press("S");
    assert_eq!(asked(&mut client), Sort::default());
}

/// The oldest first, answered in that order.
fn oldest_first() -> Client {
    let mut client = Client::live();
    client.press("s");
    let order = asked(&mut client);
    assert_eq!(order.by, SortKey::Created);
    client.press("S");
    let mut rows = incidents();
    rows.sort_by_key(|incident| (incident.created_at, incident.id));
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(page(rows.clone())),
        other => usual(other),
    });
    client
}

#[test]
fn the_cursor_stays_on_its_incident_in_another_order() {
    let mut client = Client::live();
    client.press("j");
    let before = client.selected();
    client.press("s");
    assert_eq!(client.selected(), before);
    let acted = client.effects.len();
    client.press("a");
    assert_eq!(client.effects.len(), acted, "rows of another order are not acted on");
}

#[test]
fn a_new_incident_enters_where_the_order_puts_it() {
    let mut client = oldest_first();
    let newest = Incident {
        priority: Priority::Critical,
        created_at: ago(1),
        ..incident(900, "Just now, and critical")
    };
    client.stream(created_event(newest));
    assert_eq!(client.model.list.rows.last(), Some(&id(900)), "the youngest is last");
    let mut client = Client::live();
    client.stream(created_event(Incident { priority: Priority::Low, ..incident(901, "Low") }));
    let at = client.model.list.index_of(id(901));
    let lower = client.model.list.rows.iter().skip(at.unwrap() + 1);
    assert!(
        lower
            .filter_map(|id| client.model.known.get(*id))
            .all(|below| { below.priority == Priority::Low })
    );
}

#[test]
fn the_head_of_the_table_and_the_query_line_say_the_order() {
    let client = oldest_first();
    let screen = client.screen();
    assert!(screen.contains("AGE↑"), "{screen}");
    assert!(screen.contains("oldest first"), "{screen}");
    assert!(Client::live().screen().contains("PRI↓"));
}

/// A list that is longer than the screen.
fn long() -> Client {
    let rows: Vec<Incident> = (0..100)
        .map(|number| Incident {
            created_at: ago(60 * (number + 1)),
            ..incident(1000 - number, &format!("Number {number}"))
        })
        .collect();
    Client::new().connected(&rows)
}

#[test]
fn what_comes_in_above_the_screen_is_announced_until_it_was_seen() {
    let mut client = long();
    client.press("G");
    let bottom = client.screen();
    assert!(!bottom.contains("new ↑"), "{bottom}");
    let selected = client.selected();
    for number in 2001..2004 {
        let incident = Incident { created_at: ago(1), ..incident(number, "Up there") };
        client.stream(created_event(incident));
    }
    assert_eq!(client.selected(), selected, "the cursor stays");
    assert!(client.screen().contains("3 new ↑"), "{}", client.screen());
    client.press("g");
    assert!(!client.screen().contains("new ↑"), "{}", client.screen());
    client.press("G");
    assert!(!client.screen().contains("new ↑"), "they were seen");
}

#[test]
fn what_comes_in_on_the_screen_needs_no_word() {
    let mut client = long();
    client.stream(created_event(Incident { created_at: ago(1), ..incident(2001, "Here") }));
    assert!(client.screen().contains("INC-2001"));
    assert!(!client.screen().contains("new ↑"));
}
