//! An incident ready to be sent: written as JSON once, when it is read from the database, and not
//! again for each of its readers.

use bytes::Bytes;
use uuid::Uuid;
use watchfire_shared::cache::CacheType;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;

use super::value::Cacheable;

/// Bytes of the id in front of an encoded sheet, and of the length of its row.
const ID: usize = 16;
const LENGTH: usize = 4;

/// One text for both who read it whole and who read a list: the description stands last, and a row
/// is what comes before it.
#[derive(Debug)]
pub struct Sheet {
    pub id: IncidentId,
    pub version: i64,
    whole: Bytes,
    /// Where the row ends, but for its brace.
    row: usize,
}

impl Sheet {
    /// Of an incident with its description.
    pub fn new(mut incident: Incident) -> serde_json::Result<Self> {
        let description = incident.description.take().unwrap_or_default();
        let mut whole = serde_json::to_vec(&incident)?;
        let row = whole.len() - 1;
        whole.truncate(row);
        whole.extend_from_slice(b",\"description\":");
        serde_json::to_writer(&mut whole, &description)?;
        whole.push(b'}');
        Ok(Self { id: incident.id, version: incident.version, whole: whole.into(), row })
    }

    /// With the description.
    pub fn whole(&self) -> Bytes {
        self.whole.clone()
    }

    /// Appends it as it stands in a list.
    pub fn write_row(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.whole[..self.row]);
        out.push(b'}');
    }

    /// Bytes of the row in a list.
    pub const fn row_len(&self) -> usize {
        self.row + 1
    }
}

impl Cacheable for Sheet {
    const TYPE: CacheType = CacheType::Incident;
    const SCHEMA: u16 = 1;

    fn weight(&self) -> usize {
        128 + self.whole.len()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.0.as_bytes());
        out.extend_from_slice(&u32::try_from(self.row).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&self.whole);
    }

    fn decode(version: i64, mut body: Bytes) -> Option<Self> {
        if body.len() < ID + LENGTH {
            return None;
        }
        let id = Uuid::from_slice(&body.split_to(ID)).ok()?;
        let row = u32::from_be_bytes(body.split_to(LENGTH).as_ref().try_into().ok()?);
        let row = usize::try_from(row).ok().filter(|row| *row < body.len())?;
        Some(Self { id: IncidentId(id), version, whole: body, row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn incident() -> Incident {
        let written = json!({
            "id": "01890000-0000-7000-8000-000000000001", "reference": "INC-7",
            "title": "Quotes \" and \u{1b}", "description": "long } \"", "status": "open",
            "priority": "high", "service": "checkout", "labels": {"region": "eu"},
            "assigned_to": null, "created_by": {"kind": "system", "id": null, "name": "watchfire"},
            "source": "api", "version": 3, "log_count": 2, "firing_alerts": 1, "score": null,
            "created_at": "2026-01-02T03:04:05.000006Z", "updated_at": "2026-01-02T03:04:05Z",
            "acknowledged_at": null, "resolved_at": null, "closed_at": null
        });
        serde_json::from_value(written).expect("an incident")
    }

    fn read(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).expect("JSON")
    }

    fn row(sheet: &Sheet) -> Vec<u8> {
        let mut row = Vec::new();
        sheet.write_row(&mut row);
        row
    }

    #[test]
    fn what_is_sent_is_the_incident_whole_and_without_its_description() {
        let sheet = Sheet::new(incident()).expect("JSON");
        let whole = serde_json::to_value(incident()).expect("JSON");
        assert_eq!(read(&sheet.whole()), whole);
        assert_eq!(whole["description"], "long } \"");
        assert_eq!(read(&row(&sheet)), json!(incident().summary()));
        assert_eq!(sheet.row_len(), row(&sheet).len());
    }

    #[test]
    fn a_sheet_survives_the_way_through_redis_and_half_of_one_is_none() {
        let sheet = Sheet::new(incident()).expect("JSON");
        let mut body = Vec::new();
        sheet.encode(&mut body);
        let body = Bytes::from(body);
        let back = Sheet::decode(3, body.clone()).expect("what was encoded can be decoded");
        assert_eq!((back.id, back.version), (sheet.id, sheet.version));
        assert_eq!((back.whole(), row(&back)), (sheet.whole(), row(&sheet)));
        for end in [0, ID, ID + LENGTH, ID + LENGTH + sheet.row] {
            assert!(Sheet::decode(3, body.slice(..end)).is_none(), "{end} bytes are no sheet");
        }
    }
}
