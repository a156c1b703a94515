//! Incidents: create, list, read, change, delete, comment, and what is counted over all of them.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::alert::Alert;
use watchfire_shared::filter::{Assignee, Comparison, Filter, FilterError, Term, Test};
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::incident::{
    Comment, Incident, IncidentPatch, NewComment, NewIncident, Priority, Status,
};
use watchfire_shared::page::{IncidentPage, MAX_INCIDENTS, Page};
use watchfire_shared::stats::{Counts, Stats};

use super::Api;
use super::auth::Person;
use super::conditional::{IfMatch, IfNoneMatch};
use super::error::{Error, Result};
use super::extract::{Body, Id, NoBody};
use super::query::{self, Nothing, Query};
use super::reply;
use crate::service::IncidentQuery;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(counts))
        .routes(routes!(show, change, delete))
        .routes(routes!(comment))
        .routes(routes!(alerts))
        .routes(routes!(stats))
}

/// Opens an incident.
#[utoipa::path(post, path = "/v1/incidents", tag = "incidents", request_body = NewIncident,
    responses((status = 201, description = "Opened", body = Incident,
        headers(("Location" = String), ("ETag" = String, description = "`\"v1\"`")))))]
async fn create(State(api): State<Api>, Person(caller): Person, body: Body<NewIncident>) -> Result {
    let (caller, new) = body.by(caller);
    let incident = api.service().create_incident(&caller, new).await?;
    let path = format!("/v1/incidents/{}", incident.id);
    let response = reply::incident(StatusCode::CREATED, &incident)?;
    Ok(reply::located(response, &path))
}

/// All of these must hold; the repeatable ones are alternatives.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct ListParams {
    /// `open`, `investigating`, `resolved`, `closed`; repeatable.
    status: Vec<String>,
    /// `critical`, `high`, `medium`, `low`; repeatable.
    priority: Vec<String>,
    /// An id, `me` or `none`.
    assigned_to: Option<String>,
    service: Option<String>,
    /// `key:value`; repeatable, and each must hold.
    label: Vec<String>,
    /// Words of the title, the description, the service or a label.
    q: Option<String>,
    /// The language of the query bar: `status:open priority:>=high -service:search words`.
    filter: Option<String>,
    /// `created`, `updated`, `priority`, `score` or `reference`; `-` before it reverses.
    sort: Option<String>,
    /// 1 to 200, else 50.
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListParams {
    fn query(self) -> Result<IncidentQuery> {
        Ok(IncidentQuery {
            filter: self.filter()?,
            sort: query::value("sort", self.sort.as_deref())?.unwrap_or_default(),
            limit: query::limit(self.limit.as_deref(), MAX_INCIDENTS)?,
            cursor: self.cursor,
        })
    }

    /// One filter of all that was asked, so that every spelling of a question is the same question.
    fn filter(&self) -> Result<Filter> {
        let mut tests = Vec::new();
        for status in query::values::<Status>("status", &self.status)? {
            tests.push(("status", Test::Status(status)));
        }
        for priority in query::values::<Priority>("priority", &self.priority)? {
            tests.push(("priority", Test::Priority(Comparison::Equal, priority)));
        }
        if let Some(who) = self.assigned_to.as_deref() {
            tests.push(("assigned_to", Test::Assignee(assignee(who)?)));
        }
        if let Some(service) = &self.service {
            tests.push(("service", Test::Service(service.clone())));
        }
        for label in &self.label {
            let pair = label.split_once(':').filter(|(name, _)| !name.is_empty());
            let (name, value) = pair.ok_or_else(|| Error::field("label", "must be key:value"))?;
            let (name, value) = (name.to_owned(), value.to_owned());
            tests.push(("label", Test::Label { name, value }));
        }
        let words = self.q.as_deref().unwrap_or_default().split_whitespace();
        tests.extend(words.map(|word| ("q", Test::Word(word.to_owned()))));
        let mut filter =
            query::value::<Filter>("filter", self.filter.as_deref())?.unwrap_or_default();
        for (parameter, test) in tests {
            filter = filter.and(Filter::new([Term { negated: false, test }]));
            checked(parameter, &filter)?;
        }
        Ok(filter)
    }
}

/// What the language cannot say (too long, too many terms) is refused here as it is there.
fn checked(parameter: &str, filter: &Filter) -> Result<()> {
    let read: Result<Filter, FilterError> = filter.to_string().parse();
    read.map(drop).map_err(|error| Error::field(parameter, error.message))
}

fn assignee(who: &str) -> Result<Assignee> {
    match who {
        "me" => Ok(Assignee::Me),
        "none" => Ok(Assignee::Nobody),
        id => id
            .parse()
            .map(Assignee::Id)
            .map_err(|_| Error::field("assigned_to", "must be a person's id, me or none")),
    }
}

/// A page of incidents, without their descriptions.
#[utoipa::path(get, path = "/v1/incidents", tag = "incidents", params(ListParams),
    responses((status = 200, description = "A page", body = IncidentPage)))]
async fn list(
    State(api): State<Api>,
    Person(caller): Person,
    Query(params): Query<ListParams>,
) -> Result {
    Ok(reply::written(api.service().incidents(&caller, params.query()?).await?))
}

/// One incident.
#[utoipa::path(get, path = "/v1/incidents/{id}", tag = "incidents",
    params(("id" = String, Path, description = "Id or reference (`INC-42`)"),
        ("If-None-Match" = Option<String>, Header, description = "The version the reader has: `\"v7\"`")),
    responses((status = 200, description = "The incident", body = Incident, headers(("ETag" = String))),
        (status = 304, description = "The reader has this version")))]
async fn show(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    known: IfNoneMatch,
    _: Query<Nothing>,
) -> Result {
    let incident = api.service().incident(&caller, id, known.newest()).await?;
    if known.matches(incident.version) {
        return Ok(reply::not_modified(incident.version));
    }
    Ok(reply::sheet(&incident))
}

/// Changes an incident.
#[utoipa::path(patch, path = "/v1/incidents/{id}", tag = "incidents", request_body = IncidentPatch,
    params(("id" = String, Path, description = "Id or reference"),
        ("If-Match" = Option<String>, Header, description = "Refuse the change when the incident has another version: `\"v7\"`")),
    responses((status = 200, description = "The incident as it is now; unchanged when every value was equal",
        body = Incident, headers(("ETag" = String)))))]
async fn change(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    IfMatch(version): IfMatch,
    body: Body<IncidentPatch>,
) -> Result {
    let (caller, patch) = body.by(caller);
    let incident = api.service().update_incident(&caller, id, patch, version).await?;
    reply::incident(StatusCode::OK, &incident)
}

/// Deletes an incident with its logs and alerts; its events stay in the journal.
#[utoipa::path(delete, path = "/v1/incidents/{id}", tag = "incidents",
    params(("id" = String, Path, description = "Id or reference")),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    body: NoBody,
) -> Result {
    api.service().delete_incident(&body.by(caller), id).await?;
    Ok(reply::no_content())
}

/// Adds a comment to the timeline.
#[utoipa::path(post, path = "/v1/incidents/{id}/comments", tag = "incidents", request_body = NewComment,
    params(("id" = String, Path, description = "Id or reference")),
    responses((status = 201, description = "Added", body = Comment)))]
async fn comment(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    body: Body<NewComment>,
) -> Result {
    let (caller, new) = body.by(caller);
    let comment = api.service().comment(&caller, id, new).await?;
    reply::json(StatusCode::CREATED, &comment)
}

/// The alerts of an incident.
#[utoipa::path(get, path = "/v1/incidents/{id}/alerts", tag = "incidents",
    params(("id" = String, Path, description = "Id or reference")),
    responses((status = 200, description = "Every episode", body = Page<Alert>)))]
async fn alerts(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    _: Query<Nothing>,
) -> Result {
    let items = api.service().alerts(&caller, id).await?;
    reply::whole(items)
}

/// Incidents that are not closed, by status and by priority.
#[utoipa::path(get, path = "/v1/incidents/counts", tag = "incidents",
    responses((status = 200, description = "Exact counts", body = Counts)))]
async fn counts(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::ok(&api.service().counts(&caller).await?)
}

/// The figures of the dashboard, with when they were taken.
#[utoipa::path(get, path = "/v1/stats", tag = "incidents",
    responses((status = 200, description = "Counts, MTTA, MTTR", body = Stats)))]
async fn stats(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::ok(&api.service().stats(&caller).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<IncidentQuery> {
        serde_html_form::from_str::<ListParams>(query).expect(query).query()
    }

    #[test]
    fn parameters_and_the_language_ask_the_same_question() {
        let parameters = "status=open&status=investigating&priority=high&assigned_to=me\
                          &service=web&label=region:eu%3Da&q=bad+gateway";
        let language = "filter=status:investigating+status:open+assignee:me+gateway+bad+\
                        label:region%3Deu%3Da+service:web+priority:high";
        let (one, other) = (read(parameters).expect("fits"), read(language).expect("fits"));
        assert_eq!(one.filter, other.filter);
        assert_eq!(one.filter.terms().len(), 8);
        // And both at once is still the same.
        let both = read(&format!("{parameters}&{language}")).expect("fits");
        assert_eq!(both.filter, one.filter);
        assert_eq!(read("").expect("fits").limit, 50);
    }

    #[test]
    fn a_parameter_that_does_not_fit_is_named() {
        let long = format!("q={}", "x".repeat(2_000));
        let many: Vec<String> = (0..60).map(|n| format!("label=a:{n}")).collect();
        for (query, name) in [
            ("status=new", "status"),
            ("priority=urgent", "priority"),
            ("assigned_to=dana", "assigned_to"),
            ("label=region", "label"),
            ("label=:eu", "label"),
            ("sort=age", "sort"),
            ("limit=201", "limit"),
            ("filter=nope:x", "filter"),
            (&long, "q"),
            (&many.join("&"), "label"),
        ] {
            let error = read(query).map(|_| ()).expect_err(query);
            assert_eq!(error.fields(), [name], "{query}");
        }
    }
}
