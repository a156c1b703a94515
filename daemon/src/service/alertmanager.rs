//! What Alertmanager's webhook posts (version "4"): read, checked, and cut to our limits.
//!
//! Everything but success and 5xx makes Alertmanager drop the notification, so only what cannot be
//! understood is refused; a text that is too long is cut, and unknown fields are ignored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use watchfire_shared::alert::priority_of_severity;
use watchfire_shared::incident::{
    DESCRIPTION_MAX, LABEL_NAME_MAX, LABEL_VALUE_MAX, LABELS_MAX, Labels, Priority, SERVICE_MAX,
    TITLE_MAX,
};
use watchfire_shared::problem::{Code, FieldError};

use super::alerts::plan::Signal;
use super::{Error, Result};
use crate::clock;

/// Characters of one annotation; they are sentences, unlike labels.
const ANNOTATION_MAX: usize = 4_000;
/// Characters of the link to where an alert came from.
const URL_MAX: usize = 2_000;
/// Bytes of a group's key that are kept as they are: an index cannot hold what is much longer.
const KEY_MAX: usize = 1_000;
/// Labels that are kept when there are too many.
const DECISIVE: [&str; 5] = ["alertname", "severity", "service", "job", "instance"];
/// Characters of a fingerprint.
const FINGERPRINT_MAX: usize = 64;

/// A group of alerts, as one POST brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Tells groups apart; at most 1,000 bytes.
    pub group_key: String,
    pub group_labels: Labels,
    pub common_labels: Labels,
    pub common_annotations: Labels,
    pub alerts: Vec<Signal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    version: String,
    group_key: String,
    #[serde(default, deserialize_with = "null_is_default")]
    group_labels: Labels,
    #[serde(default, deserialize_with = "null_is_default")]
    common_labels: Labels,
    #[serde(default, deserialize_with = "null_is_default")]
    common_annotations: Labels,
    #[serde(default, deserialize_with = "null_is_default")]
    alerts: Vec<BodyAlert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BodyAlert {
    status: String,
    #[serde(default, deserialize_with = "null_is_default")]
    labels: Labels,
    #[serde(default, deserialize_with = "null_is_default")]
    annotations: Labels,
    starts_at: String,
    #[serde(default, deserialize_with = "null_is_default")]
    ends_at: String,
    #[serde(default, rename = "generatorURL", deserialize_with = "null_is_default")]
    generator_url: String,
    fingerprint: String,
}

/// Go writes an empty map as null.
fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Notification {
    pub fn parse(body: &[u8]) -> Result<Self> {
        Self::parse_at(body, clock::now())
    }

    /// `now` stands in for an end that was not stated or lies in the future: such an end would
    /// close episodes yet to come.
    fn parse_at(body: &[u8], now: DateTime<Utc>) -> Result<Self> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let parsed: Body = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| explain(body, &error.path().to_string(), error.inner()))?;
        json.end().map_err(|error| malformed(&error))?;
        if parsed.version != "4" {
            return Err(not_version_4(&Value::String(parsed.version)));
        }
        if parsed.group_key.is_empty() {
            return Err(Error::field("groupKey", "must not be empty"));
        }
        let alerts = parsed.alerts.into_iter().enumerate();
        Ok(Self {
            group_key: key(clean(parsed.group_key)),
            group_labels: labels(parsed.group_labels, LABEL_VALUE_MAX),
            common_labels: labels(parsed.common_labels, LABEL_VALUE_MAX),
            common_annotations: labels(parsed.common_annotations, DESCRIPTION_MAX),
            alerts: alerts.map(|(at, alert)| signal(at, alert, now)).collect::<Result<_>>()?,
        })
    }

    /// The summary they share, else the alert's name with the labels of the group.
    pub fn title(&self) -> String {
        let summary = self.common_annotations.get("summary").map(|text| one_line(text));
        let title = summary.filter(|summary| !summary.is_empty()).unwrap_or_else(|| {
            let name = self.label("alertname").unwrap_or("Alert");
            let labels: Vec<_> = self
                .group_labels
                .iter()
                .filter(|(label, _)| *label != "alertname")
                .map(|(label, value)| format!("{label}={value}"))
                .collect();
            one_line(&if labels.is_empty() {
                name.to_owned()
            } else {
                format!("{name} ({})", labels.join(", "))
            })
        });
        cut(title, TITLE_MAX)
    }

    /// The description they share, else none.
    pub fn description(&self) -> String {
        let description = self.common_annotations.get("description").cloned();
        cut(description.unwrap_or_default(), DESCRIPTION_MAX)
    }

    /// The label `service`, else `job`.
    pub fn service(&self) -> String {
        let service = self.label("service").or_else(|| self.label("job"));
        cut(service.unwrap_or_default().trim().to_owned(), SERVICE_MAX)
    }

    /// A label of the group, of all its alerts, or else of the first.
    fn label(&self, name: &str) -> Option<&str> {
        let first = self.alerts.first().map(|alert| &alert.labels);
        [Some(&self.group_labels), Some(&self.common_labels), first]
            .into_iter()
            .flatten()
            .filter_map(|labels| labels.get(name))
            .map(String::as_str)
            .find(|value| !value.trim().is_empty())
    }
}

/// What severities ask for together: the highest; none when nothing fires.
pub fn priority<'a>(severities: impl Iterator<Item = &'a str>) -> Option<Priority> {
    severities.map(priority_of_severity).max()
}

fn signal(at: usize, alert: BodyAlert, now: DateTime<Utc>) -> Result<Signal> {
    let field = |name: &str| format!("alerts[{at}].{name}");
    let printable = alert.fingerprint.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || !(1..=FINGERPRINT_MAX).contains(&alert.fingerprint.len()) {
        let message = format!("must have 1 to {FINGERPRINT_MAX} printable ASCII characters");
        return Err(Error::field(field("fingerprint"), message));
    }
    let start = time(&field("startsAt"), &alert.starts_at)?;
    let starts_at =
        start.ok_or_else(|| Error::field(field("startsAt"), "must say when it began"))?;
    let over_at = match alert.status.as_str() {
        // The end of what fires is not known, whatever the sender guesses.
        "firing" => None,
        "resolved" => {
            let end = time(&field("endsAt"), &alert.ends_at)?.unwrap_or(now);
            Some(end.min(now).max(starts_at + TimeDelta::microseconds(1)))
        }
        _ => return Err(Error::field(field("status"), "must be firing or resolved")),
    };
    let labels = labels(alert.labels, LABEL_VALUE_MAX);
    Ok(Signal {
        fingerprint: alert.fingerprint,
        starts_at,
        over_at,
        severity: labels.get("severity").cloned().unwrap_or_default(),
        annotations: self::labels(alert.annotations, ANNOTATION_MAX),
        generator_url: cut(clean(alert.generator_url), URL_MAX),
        labels,
    })
}

/// RFC 3339, cut to microseconds; none for nothing and for the year 1, which is how Go says it.
fn time(field: &str, text: &str) -> Result<Option<DateTime<Utc>>> {
    if text.is_empty() {
        return Ok(None);
    }
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|_| Error::field(field, "must be a time such as 2030-01-31T12:00:00Z"))?
        .to_utc()
        .trunc_subsecs(6);
    if time.year() <= 1 {
        return Ok(None);
    }
    if !(1970..2262).contains(&time.year()) {
        return Err(Error::field(field, "must be a time between 1970 and 2262"));
    }
    Ok(Some(time))
}

/// A key no longer than an index can hold: the rest becomes a digest.
fn key(text: String) -> String {
    if text.len() <= KEY_MAX {
        return text;
    }
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&text));
    let kept = text.floor_char_boundary(KEY_MAX - digest.len() - 1);
    format!("{}#{digest}", &text[..kept])
}

/// Cut to our limits, what decides about an incident first; a label without a name is none.
fn labels(mut all: Labels, value_max: usize) -> Labels {
    all.remove("");
    let mut kept = Labels::new();
    if all.len() > LABELS_MAX {
        kept.extend(DECISIVE.iter().filter_map(|name| all.remove_entry(*name)));
    }
    let room = LABELS_MAX - kept.len();
    kept.extend(all.into_iter().take(room));
    kept.into_iter()
        .map(|(name, value)| (cut(clean(name), LABEL_NAME_MAX), cut(clean(value), value_max)))
        .collect()
}

/// NUL cannot be stored in PostgreSQL.
fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// At most `max` characters; a cut shows.
fn cut(mut text: String, max: usize) -> String {
    // No more bytes than characters allowed: no more characters either.
    if text.len() > max
        && text.chars().count() > max
        && let Some((at, _)) = text.char_indices().nth(max - 1)
    {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// Templates leave line breaks and indentation in titles.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a body was refused: no JSON, not version 4, or a field of it.
fn explain(body: &[u8], path: &str, error: &serde_json::Error) -> Error {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return malformed(&error),
    };
    let version = value.get("version").unwrap_or(&Value::Null);
    if version != "4" {
        return not_version_4(version);
    }
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    Error::field(path, format!("is not as Alertmanager sends it: {reason}"))
}

fn malformed(error: &serde_json::Error) -> Error {
    let place = format!("line {}, column {}", error.line(), error.column());
    Error::refused(Code::MalformedJson, format!("The body is not valid JSON ({place})."))
}

fn not_version_4(found: &Value) -> Error {
    let found = match found {
        Value::String(version) => format!("it says {:?}", cut(clean(version.clone()), 20)),
        _ => "it does not say which it is".to_owned(),
    };
    Error::Refused {
        code: Code::Validation,
        detail: format!(
            "This is not an Alertmanager webhook of version 4 ({found}); point a plain \
             webhook_configs receiver here, without a template of its own."
        ),
        errors: vec![FieldError::new("version", "must be \"4\"")],
    }
}

#[cfg(test)]
mod tests;
