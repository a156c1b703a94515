//! Addresses of daemons.

/// `http` or `https`, a host, nothing secret inside; without the slash at its end.
pub fn check(name: &str, text: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("{name} {why}; it looks like https://watchfire.example:4911");
    let url =
        reqwest::Url::parse(text.trim()).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a user or password: use WATCHFIRE_TOKEN"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not hold a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
