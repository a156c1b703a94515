use watchfire_shared::filter::Filter;
use watchfire_shared::incident::{Incident, Priority, Status};

use super::world::{ago, clock, incident, me, robin};
use crate::model::matching::belongs;

fn judge(query: &str) -> Option<bool> {
    let incident = Incident {
        status: Status::Investigating,
        priority: Priority::High,
        assigned_to: Some(robin()),
        created_at: ago(3600),
        labels: [("region".to_owned(), "eu-west".to_owned())].into(),
        ..incident(1, "Payment retries climbing")
    };
    let filter: Filter = query.parse().expect(query);
    belongs(&filter, &incident, Some(me().id), clock())
}

#[test]
fn a_row_is_judged_by_what_it_shows() {
    for (query, verdict) in [
        ("", Some(true)),
        ("status:investigating", Some(true)),
        ("status:open", Some(false)),
        ("status:open status:investigating", Some(true)),
        ("status:open status:resolved", Some(false)),
        ("-status:closed", Some(true)),
        ("-status:closed -status:investigating", Some(false)),
        ("priority:>=high", Some(true)),
        ("priority:<high", Some(false)),
        ("assignee:robin", Some(true)),
        ("assignee:ROBIN", Some(true)),
        ("assignee:me", Some(false)),
        ("assignee:none", Some(false)),
        ("-assignee:me", Some(true)),
        ("service:checkout", Some(true)),
        ("service:search", Some(false)),
        ("label:region=eu-west", Some(true)),
        ("label:region=us", Some(false)),
        ("age:<2h", Some(true)),
        ("age:>2h", Some(false)),
        ("pay climb", Some(true)),
        ("WEST", Some(true)),
        // The description may hold it: only the daemon knows.
        ("elsewhere", None),
        ("elsewhere status:open", Some(false)),
        ("-elsewhere", None),
        ("-pay", Some(false)),
    ] {
        assert_eq!(judge(query), verdict, "{query}");
    }
}

#[test]
fn before_we_know_who_we_are_mine_is_unknown() {
    let filter: Filter = "assignee:me".parse().expect("a filter");
    let open = incident(1, "Mine?");
    assert_eq!(belongs(&filter, &open, None, clock()), None);
}
