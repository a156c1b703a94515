//! Numbers and orders in words.

use watchfire_shared::page::{Sort, SortKey};

/// `1,204`.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 alert`, `2 alerts`.
pub fn count(value: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// How a list is ordered: `most urgent first`.
pub const fn sort_words(sort: Sort) -> &'static str {
    match (sort.by, sort.reversed) {
        (SortKey::Priority, false) => "most urgent first",
        (SortKey::Priority, true) => "least urgent first",
        (SortKey::Created, false) => "newest first",
        (SortKey::Created, true) => "oldest first",
        (SortKey::Updated, false) => "last changed first",
        (SortKey::Updated, true) => "longest unchanged first",
        (SortKey::Score, false) => "highest score first",
        (SortKey::Score, true) => "lowest score first",
        (SortKey::Reference, false) => "highest number first",
        (SortKey::Reference, true) => "lowest number first",
    }
}
