mod laws;

use serde_json::json;

use super::*;

fn json_batch(body: &str) -> Result<Vec<LogLine>, BatchError> {
    parse_batch(BatchFormat::Json, body.as_bytes())
}

fn ndjson(body: &str) -> Result<Vec<LogLine>, BatchError> {
    parse_batch(BatchFormat::Ndjson, body.as_bytes())
}

fn line(value: &Value) -> LogLine {
    let mut lines = json_batch(&value.to_string()).unwrap_or_else(|e| panic!("{value}: {e}"));
    assert_eq!(lines.len(), 1, "{value}");
    lines.remove(0)
}

/// The field and the message of a line that is refused.
fn refused(value: &Value) -> (String, String) {
    match json_batch(&value.to_string()) {
        Err(BatchError::Invalid { line: 1, field: Some(field), message }) => (field, message),
        other => panic!("{value}: {other:?}"),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect(text).to_utc()
}

#[test]
fn a_line_is_read_and_the_rest_is_kept() {
    let full = line(&json!({
        "level": "WARNING", "message": "pool exhausted", "source": "api",
        "occurred_at": "2026-02-03T06:05:06.1234567+02:00",
        "time": "kept", "pool": {"size": 20}, "null": null,
    }));
    let expected = LogLine {
        level: Level::Warn,
        message: "pool exhausted".to_owned(),
        source: "api".to_owned(),
        occurred_at: Some(at("2026-02-03T04:05:06.123456Z")),
        fields: object(json!({"time": "kept", "pool": {"size": 20}, "null": null})),
    };
    assert_eq!(full, expected);

    let bare = line(&json!({"message": ""}));
    let expected = LogLine {
        level: Level::Info,
        message: String::new(),
        source: String::new(),
        occurred_at: None,
        fields: Map::new(),
    };
    assert_eq!(bare, expected);
    let nulls = json!({"message": null, "msg": "", "level": null, "time": null, "source": null});
    assert_eq!(line(&nulls), bare);
}

#[test]
fn other_names_and_spellings_mean_the_same() {
    let level = |value: Value| line(&json!({"msg": "x", "severity": value})).level;
    assert_eq!(level(json!("err")), Level::Error);
    assert_eq!(level(json!(" Critical ")), Level::Fatal);
    assert_eq!(level(json!(4)), Level::Warn);
    assert_eq!(level(json!("6")), Level::Info);
    assert_eq!(level(json!(50)), Level::Error);

    let both = line(&json!({"msg": "b", "message": "a", "severity": "x", "level": "debug"}));
    assert_eq!((both.message.as_str(), both.level), ("a", Level::Debug));
    assert_eq!(both.fields, object(json!({"msg": "b", "severity": "x"})));

    let cases = [
        (json!(0), "1970-01-01T00:00:00Z"),
        (json!(1_770_091_506), "2026-02-03T04:05:06Z"),
        (json!(1_770_091_506.25), "2026-02-03T04:05:06.25Z"),
        (json!(1_770_091_506.123_456), "2026-02-03T04:05:06.123456Z"),
        (json!(1_770_091_506_789_i64), "2026-02-03T04:05:06.789Z"),
        (json!(1_770_091_506_789.5), "2026-02-03T04:05:06.7895Z"),
        (json!(1_770_091_506_789_012_i64), "2026-02-03T04:05:06.789012Z"),
        (json!(1_770_091_506_789_012_999_i64), "2026-02-03T04:05:06.789012Z"),
        (json!(9_223_372_036_i64), "2262-04-11T23:47:16Z"),
        (json!("2026-02-03T04:05:06Z"), "2026-02-03T04:05:06Z"),
        (json!("2026-02-03 04:05:06.5-01:00"), "2026-02-03T05:05:06.5Z"),
    ];
    for (value, time) in cases {
        for name in ["occurred_at", "timestamp", "time", "ts"] {
            let line = line(&json!({"message": "x", name: value}));
            assert_eq!(line.occurred_at, Some(at(time)), "{name}: {value}");
            assert_eq!(line.fields, Map::new());
        }
    }
}

#[test]
fn a_bad_value_names_its_field() {
    let cases = [
        (json!({}), "message", "is missing"),
        (json!({"message": null}), "message", "is missing"),
        (json!({"message": 5}), "message", "text"),
        (json!({"msg": {"a": 1}}), "msg", "text"),
        (json!({"message": "a\0b"}), "message", "NUL"),
        (json!({"message": "é".repeat(32 * 1024 + 1)}), "message", "65536 bytes, not 65538"),
        (json!({"message": "x", "level": "loud"}), "level", "trace, debug"),
        (json!({"message": "x", "level": 8}), "level", "0 to 7"),
        (json!({"message": "x", "level": true}), "level", "trace, debug"),
        (json!({"message": "x", "severity": "P2"}), "severity", "trace, debug"),
        (json!({"message": "x", "source": ["a"]}), "source", "text"),
        (json!({"message": "x", "source": "a\0"}), "source", "NUL"),
        (json!({"message": "x", "source": "é".repeat(201)}), "source", "200 characters"),
        (json!({"message": "x", "time": "yesterday"}), "time", "RFC 3339"),
        (json!({"message": "x", "ts": "2026-02-03T04:05:06"}), "ts", "RFC 3339"),
        (json!({"message": "x", "ts": false}), "ts", "RFC 3339"),
        (json!({"message": "x", "ts": -1}), "ts", "1970 and 2262"),
        (json!({"message": "x", "ts": -0.5}), "ts", "1970 and 2262"),
        (json!({"message": "x", "ts": u64::MAX}), "ts", "1970 and 2262"),
        (json!({"message": "x", "ts": 1e300}), "ts", "1970 and 2262"),
        (json!({"message": "x", "time": "1969-12-31T23:59:59Z"}), "time", "1970 and 2262"),
        (json!({"message": "x", "time": "2263-01-01T00:00:00Z"}), "time", "1970 and 2262"),
        (json!({"message": "x", "a": [{"b": "\0"}]}), "a", "NUL"),
        (json!({"message": "x", "a": [{"\0": 1}]}), "a", "NUL"),
        (json!({"message": "x", "\0": 1}), "a field's name", "NUL"),
    ];
    for (value, field, hint) in cases {
        let (named, message) = refused(&value);
        assert_eq!(named, field, "{value}: {message}");
        assert!(message.contains(hint), "{value}: {message}");
    }
    line(&json!({"message": "é".repeat(32 * 1024), "source": "é".repeat(200)}));
}

#[test]
fn batches_are_an_object_an_array_or_lines() {
    let three = r#"[{"message":"a"}, {"message":"b"},{"message":"c"}]"#;
    let lines = json_batch(three).expect("an array");
    let messages: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(messages, ["a", "b", "c"]);
    let text = "\n{\"message\":\"a\"}\r\n  \n{\"message\":\"b\"}\n\n{\"message\":\"c\"}";
    assert_eq!(ndjson(text), Ok(lines));
    for empty in [json_batch("[]"), json_batch(" [ ] "), ndjson(""), ndjson(" \r\n\n")] {
        assert_eq!(empty, Err(BatchError::Empty));
    }
}

#[test]
fn a_bad_batch_names_its_line() {
    let malformed = |result: Result<Vec<LogLine>, BatchError>| match result {
        Err(BatchError::Malformed { line, column, message }) => {
            assert!(!message.contains("line"), "the place stands once: {message}");
            (line, column)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(malformed(json_batch("")), (1, 1));
    assert_eq!(malformed(json_batch("nope")), (1, 2));
    assert_eq!(malformed(json_batch("{\"message\": \"a\"} {}")), (1, 18));
    assert_eq!(malformed(json_batch("[{\"message\":\"a\"},\n {\"message\":}]")), (2, 13));
    assert_eq!(malformed(ndjson("{\"message\":\"a\"}\n\n{\"message\":}")), (3, 12));
    assert_eq!(malformed(ndjson("{\"message\":\"a\"}\nplain text")), (2, 1));
    let utf8 = parse_batch(BatchFormat::Ndjson, b"{\"message\":\"a\"}\n{\"message\":\"\xff\"}");
    assert_eq!(malformed(utf8).0, 2);

    let invalid = |result: Result<Vec<LogLine>, BatchError>| match result {
        Err(BatchError::Invalid { line, field, .. }) => (line, field),
        other => panic!("{other:?}"),
    };
    let level = "{\"message\":\"b\",\"level\":\"x\"}";
    let array = format!("[{{\"message\":\"a\"}},\n\n{level}]");
    assert_eq!(invalid(json_batch(&array)), (2, Some("level".to_owned())));
    let lines = format!("{{\"message\":\"a\"}}\n\n{level}");
    assert_eq!(invalid(ndjson(&lines)), (3, Some("level".to_owned())));
    assert_eq!(invalid(json_batch("42")), (1, None));
    assert_eq!(invalid(json_batch("[{\"message\":\"a\"}, [1]]")), (2, None));
    assert_eq!(invalid(ndjson("{\"message\":\"a\"}\n\"text\"")), (2, None));
    // JSON by its grammar, but nothing that could be held.
    let deep = format!("[{{\"message\":\"a\",\"x\":{}1{}}}]", "[".repeat(200), "]".repeat(200));
    assert_eq!(invalid(json_batch(&deep)), (1, None));
    assert_eq!(invalid(json_batch("[{\"message\":\"a\",\"x\":1e999}]")), (1, None));
    assert_eq!(invalid(json_batch("[{\"message\":\"\\ud800\"}]")), (1, None));

    let error = json_batch(&array).expect_err("a bad level").to_string();
    assert!(error.starts_with("line 2: level must be trace"), "{error}");
}

#[test]
fn a_batch_has_a_largest_size() {
    let lines = |count: usize| vec!["{\"message\":\"x\"}"; count];
    let both = |count| {
        let array = json_batch(&format!("[{}]", lines(count).join(",")));
        let text = ndjson(&lines(count).join("\n\n"));
        assert_eq!(array, text);
        array.map(|lines| lines.len())
    };
    assert_eq!(both(BATCH_MAX_LINES), Ok(BATCH_MAX_LINES));
    assert_eq!(both(BATCH_MAX_LINES + 1), Err(BatchError::TooManyLines));
}
