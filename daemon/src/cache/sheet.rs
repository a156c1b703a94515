//! An incident ready to be sent: written as JSON once, when it is read from the database, and not
//! again for each of its readers.

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use watchfire_shared::cache::CacheType;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;

use super::key::Cacheable;

/// Serialises as the row it is in a list.
#[derive(Debug)]
pub struct Sheet {
    pub id: IncidentId,
    pub version: i64,
    whole: Bytes,
    row: Box<RawValue>,
}

impl Sheet {
    /// Of an incident with its description.
    pub fn new(mut incident: Incident) -> serde_json::Result<Self> {
        let whole = serde_json::to_vec(&incident)?.into();
        incident.description = None;
        let row = serde_json::value::to_raw_value(&incident)?;
        Ok(Self { id: incident.id, version: incident.version, whole, row })
    }

    /// With the description.
    pub fn whole(&self) -> Bytes {
        self.whole.clone()
    }

    /// Bytes of the row in a list.
    pub fn row_len(&self) -> usize {
        self.row.get().len()
    }
}

impl Serialize for Sheet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.serialize(serializer)
    }
}

impl Cacheable for Sheet {
    const TYPE: CacheType = CacheType::Incident;
    const SCHEMA: u32 = 1;

    fn weight(&self) -> usize {
        256 + self.whole.len() + self.row_len()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_sent_is_the_incident_whole_and_without_its_description() {
        let written = json!({
            "id": "01890000-0000-7000-8000-000000000001", "reference": "INC-7",
            "title": "Quotes \" and \u{1b}", "description": "long", "status": "open",
            "priority": "high", "service": "checkout", "labels": {"region": "eu"},
            "assigned_to": null, "created_by": {"kind": "system", "id": null, "name": "watchfire"},
            "source": "api", "version": 3, "log_count": 2, "firing_alerts": 1, "score": null,
            "created_at": "2026-01-02T03:04:05.000006Z", "updated_at": "2026-01-02T03:04:05Z",
            "acknowledged_at": null, "resolved_at": null, "closed_at": null
        });
        let incident: Incident = serde_json::from_value(written).expect("an incident");
        let sheet = Sheet::new(incident.clone()).expect("JSON");
        let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
        let whole = serde_json::to_value(&incident).expect("JSON");
        assert_eq!(read(&sheet.whole()), whole);
        assert_eq!(whole["description"], "long");
        let row = serde_json::to_vec(&[&sheet]).expect("JSON");
        assert_eq!(read(&row), json!([incident.summary()]));
        assert_eq!(sheet.row_len() + "[]".len(), row.len());
    }
}
