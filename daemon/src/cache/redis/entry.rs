//! What stands under a key in Redis: a header of fixed length, and a body.
//!
//! ```text
//! kind 1 · format 1 · schema 2 · epoch 8 · generation 16 · version 8 · key 4 · checksum 4 · body
//! ```
//!
//! Numbers are big-endian. `epoch` and `generation` are the stamp: as they were before the load began.
//! The checksum covers everything else, the key is the checksum of its name. The scripts beside this
//! file read kind and stamp at the same places.

use bytes::Bytes;

/// A value, a marker that there is none, the duty to load, a generation. The bytes differ from each
/// other in four bits at least.
pub const VALUE: u8 = 0x0f;
pub const NOT_FOUND: u8 = 0x33;
pub const LEASE: u8 = 0x55;
pub const GENERATION: u8 = 0x6a;
/// Of the header itself.
pub const FORMAT: u8 = 1;

const STAMP: std::ops::Range<usize> = 4..28;
const VERSION: std::ops::Range<usize> = 28..36;
const KEY: std::ops::Range<usize> = 36..40;
const CHECKSUM: std::ops::Range<usize> = 40..44;
const HEADER: usize = CHECKSUM.end;
/// A lease ends with the token of whoever holds it, a generation with its stamp.
const LEASE_LENGTH: usize = STAMP.end + TOKEN;
const TOKEN: usize = 16;

/// Random, so that none is ever used twice.
pub type Token = [u8; TOKEN];

/// The epoch and the generation a stored thing belongs to; it is there only for those of the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp([u8; 24]);

impl Stamp {
    pub fn new(epoch: i64, generation: Token) -> Self {
        let mut stamp = [0; 24];
        stamp[..8].copy_from_slice(&epoch.to_be_bytes());
        stamp[8..].copy_from_slice(&generation);
        Self(stamp)
    }

    /// Of a value that is forgotten by itself.
    pub fn plain(epoch: i64) -> Self {
        Self::new(epoch, Token::default())
    }

    /// The one under a generation's key, if it is of this epoch.
    pub fn of_generation(bytes: &[u8], epoch: i64) -> Option<Self> {
        let stamp = stamp(bytes)?;
        let sound = bytes[..2] == [GENERATION, FORMAT] && bytes.len() == STAMP.end;
        (sound && stamp.0[..8] == epoch.to_be_bytes()).then_some(stamp)
    }
}

/// What was read, for one who asks under a stamp.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    Value {
        version: i64,
        body: Bytes,
    },
    NotFound,
    /// Somebody loads it.
    Lease,
    /// Nothing, or nothing that is there for this stamp.
    Absent,
    /// Damaged, another key's, or of another shape.
    Corrupt,
}

impl Entry {
    pub fn read(bytes: Option<&Bytes>, key: &str, schema: u16, stamp: &Stamp) -> Self {
        let Some(bytes) = bytes else { return Self::Absent };
        if bytes.len() < LEASE_LENGTH || bytes[1] != FORMAT || bytes[2..4] != schema.to_be_bytes() {
            return Self::Corrupt;
        }
        let kind = bytes[0];
        let sound = match kind {
            LEASE => bytes.len() == LEASE_LENGTH,
            VALUE | NOT_FOUND => {
                bytes[KEY] == crc32fast::hash(key.as_bytes()).to_be_bytes()
                    && bytes[CHECKSUM] == checksum(bytes).to_be_bytes()
            }
            _ => false,
        };
        if !sound {
            return Self::Corrupt;
        }
        if bytes[STAMP] != stamp.0 {
            return Self::Absent;
        }
        match kind {
            LEASE => Self::Lease,
            NOT_FOUND => Self::NotFound,
            _ => {
                let version = bytes[VERSION].try_into().map_or(0, i64::from_be_bytes);
                Self::Value { version, body: bytes.slice(HEADER..) }
            }
        }
    }
}

/// Appends a body.
pub type Body<'a> = &'a dyn Fn(&mut Vec<u8>);

/// A value or, without a body, the marker that there is none.
pub fn write(key: &str, schema: u16, stamp: &Stamp, version: i64, body: Option<Body>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    bytes.extend_from_slice(&[if body.is_some() { VALUE } else { NOT_FOUND }, FORMAT]);
    bytes.extend_from_slice(&schema.to_be_bytes());
    bytes.extend_from_slice(&stamp.0);
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(&crc32fast::hash(key.as_bytes()).to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    if let Some(body) = body {
        body(&mut bytes);
    }
    let sum = checksum(&bytes).to_be_bytes();
    bytes[CHECKSUM].copy_from_slice(&sum);
    bytes
}

/// What a lease begins with; the script adds the stamp, the token follows.
pub fn lease_head(schema: u16) -> [u8; 4] {
    head(LEASE, schema)
}

/// As the script writes it.
pub fn lease(schema: u16, stamp: &Stamp, token: &Token) -> Vec<u8> {
    [&lease_head(schema)[..], &stamp.0, token].concat()
}

/// As [`lease_head`], of a generation.
pub fn generation_head() -> [u8; 4] {
    head(GENERATION, super::super::key::GENERATION_SCHEMA)
}

fn head(kind: u8, schema: u16) -> [u8; 4] {
    let [high, low] = schema.to_be_bytes();
    [kind, FORMAT, high, low]
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..CHECKSUM.start]);
    hasher.update(&bytes[HEADER..]);
    hasher.finalize()
}

/// The stamp of whatever this is.
pub fn stamp(bytes: &[u8]) -> Option<Stamp> {
    bytes.get(STAMP)?.try_into().ok().map(Stamp)
}

/// The epoch it is of.
pub fn epoch(bytes: &[u8]) -> Option<i64> {
    let Stamp(stamp) = stamp(bytes)?;
    stamp.first_chunk().map(|epoch| i64::from_be_bytes(*epoch))
}

/// Whether these bytes are the lease with this token, and under which stamp.
pub fn own_lease(bytes: &[u8], token: &Token) -> Option<Stamp> {
    let mine = bytes.len() == LEASE_LENGTH && bytes[0] == LEASE && bytes[STAMP.end..] == *token;
    mine.then(|| stamp(bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAME: &str = "wf:log:1:incident:7";

    fn value() -> Vec<u8> {
        let body = |out: &mut Vec<u8>| out.extend_from_slice(b"{\"title\":\"Checkout is slow\"}");
        write(NAME, 1, &Stamp::new(4, [9; 16]), 7, Some(&body))
    }

    fn read(bytes: &[u8], key: &str, schema: u16, stamp: &Stamp) -> Entry {
        Entry::read(Some(&Bytes::copy_from_slice(bytes)), key, schema, stamp)
    }

    #[test]
    fn what_was_written_is_read_by_those_of_the_same_stamp_alone() {
        let stamp = Stamp::new(4, [9; 16]);
        let body = Bytes::from_static(b"{\"title\":\"Checkout is slow\"}");
        assert_eq!(read(&value(), NAME, 1, &stamp), Entry::Value { version: 7, body });
        assert_eq!(read(&value(), NAME, 1, &Stamp::new(5, [9; 16])), Entry::Absent);
        assert_eq!(read(&value(), NAME, 1, &Stamp::new(4, [8; 16])), Entry::Absent);
        let marker = write(NAME, 1, &stamp, 0, None);
        assert_eq!(read(&marker, NAME, 1, &stamp), Entry::NotFound);
        assert_eq!(Entry::read(None, NAME, 1, &stamp), Entry::Absent);
    }

    #[test]
    fn another_keys_value_and_another_shapes_are_corrupt() {
        let stamp = Stamp::new(4, [9; 16]);
        assert_eq!(read(&value(), "wf:log:1:incident:8", 1, &stamp), Entry::Corrupt);
        assert_eq!(read(&value(), NAME, 2, &stamp), Entry::Corrupt);
        assert_eq!(read(b"hello", NAME, 1, &stamp), Entry::Corrupt);
        assert_eq!(read(&[], NAME, 1, &stamp), Entry::Corrupt);
    }

    /// The whole layout, byte by byte: daemons of two versions read what the other has written, and so
    /// do the scripts. Who changes it raises `FORMAT`.
    #[test]
    fn the_layout_changes_with_the_format_only() {
        let stamp = Stamp::new(4, [9; 16]);
        let body = |out: &mut Vec<u8>| out.extend_from_slice(b"{}");
        let generation = [&generation_head()[..], &stamp.0].concat();
        let written = [
            ("value", write(NAME, 1, &stamp, 7, Some(&body))),
            ("not found", write(NAME, 1, &stamp, 0, None)),
            ("lease", lease(1, &stamp, &[5; 16])),
            ("generation", generation.clone()),
        ];
        let written =
            written.map(|(what, bytes)| format!("{what}: {}\n", bytes.escape_ascii())).concat();
        let file = format!("layout.{FORMAT}.txt");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = path.join("src/cache/golden").join(&file);
        if crate::config::environment("WATCHFIRE_GOLDEN").as_deref() == Some("write") {
            std::fs::write(&path, &written).expect("a file can be written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            written, golden,
            "{file}: a changed layout needs a new FORMAT and a new golden file"
        );
        assert_eq!(Stamp::of_generation(&generation, 4), Some(stamp));
        assert_eq!(own_lease(&lease(1, &stamp, &[5; 16]), &[5; 16]), Some(stamp));
    }

    proptest! {
        /// Up to three bits are seen wherever they are, an end that is cut off too.
        #[test]
        fn damage_is_seen(bits in prop::collection::btree_set(0..value().len() * 8, 1..4)) {
            let stamp = Stamp::new(4, [9; 16]);
            let mut bytes = value();
            for bit in bits {
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            prop_assert_eq!(read(&bytes, NAME, 1, &stamp), Entry::Corrupt);
        }

        #[test]
        fn a_cut_end_is_seen(length in 0..value().len()) {
            let stamp = Stamp::new(4, [9; 16]);
            prop_assert_eq!(read(&value()[..length], NAME, 1, &stamp), Entry::Corrupt);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            read(&bytes, NAME, 1, &Stamp::plain(1));
            own_lease(&bytes, &[0; 16]);
            Stamp::of_generation(&bytes, 1);
        }
    }
}
