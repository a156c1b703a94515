//! Every line that is sent is read back, in each format, and no bytes break the reader.

use proptest::prelude::*;

use super::*;

/// JSON as senders put it beside the known names.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[^\0]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

prop_compose! {
    /// A line, and the object that says it.
    fn lines()(
        level in prop::option::of((prop::sample::select(Level::ALL), prop::sample::select(vec!["level", "severity"]))),
        message in "[^\0]{0,20}",
        name in prop::sample::select(vec!["message", "msg"]),
        source in prop::option::of("[^\0]{0,10}"),
        micros in prop::option::of(0..9_223_372_036_854_775_i64),
        time in prop::sample::select(vec!["occurred_at", "timestamp", "time", "ts"]),
        fields in prop::collection::btree_map("x[^\0]{0,5}", values(), 0..4),
    ) -> (LogLine, Value) {
        let fields: Map<String, Value> = fields.into_iter().collect();
        let occurred_at = micros.map(|micros| {
            DateTime::from_timestamp_micros(micros).expect("a time within reach")
        });
        let mut object = fields.clone();
        object.insert(name.to_owned(), json!(message));
        if let Some((level, name)) = level {
            object.insert(name.to_owned(), json!(level));
        }
        if let Some(source) = &source {
            object.insert("source".to_owned(), json!(source));
        }
        if let Some(at) = occurred_at {
            object.insert(time.to_owned(), json!(at));
        }
        let line = LogLine {
            level: level.map_or(Level::Info, |(level, _)| level),
            message,
            source: source.unwrap_or_default(),
            occurred_at,
            fields,
        };
        (line, Value::Object(object))
    }
}

proptest! {
    #[test]
    fn every_format_reads_the_same_lines(batch in prop::collection::vec(lines(), 1..5)) {
        let (lines, objects): (Vec<LogLine>, Vec<Value>) = batch.into_iter().unzip();
        let array = json_batch(&json!(objects).to_string());
        prop_assert_eq!(array.as_ref(), Ok(&lines));
        let text: Vec<String> = objects.iter().map(ToString::to_string).collect();
        prop_assert_eq!(ndjson(&text.join("\n")), Ok(lines));
    }

    #[test]
    fn one_bad_line_refuses_the_batch_by_its_number(
        batch in prop::collection::vec(lines(), 1..6),
        bad in 0_usize..6,
    ) {
        let mut objects: Vec<Value> = batch.into_iter().map(|(_, object)| object).collect();
        let bad = bad % objects.len();
        objects[bad]["level"] = json!("loud");
        let text: Vec<String> = objects.iter().map(ToString::to_string).collect();
        for result in [json_batch(&json!(objects).to_string()), ndjson(&text.join("\n"))] {
            match result {
                Err(BatchError::Invalid { line, field, .. }) => {
                    prop_assert_eq!((line, field.as_deref()), (bad + 1, Some("level")));
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_at_a_line_of_theirs(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..64),
            "[\\[\\]{}:,\"a1e\\\\ \n]{0,40}".prop_map(String::into_bytes),
            "(\\{\"(message|ts|level)\":(1|\"x\"|null)\\}[\n,]){0,3}".prop_map(String::into_bytes),
        ],
    ) {
        let rows = body.split(|byte| *byte == b'\n').count();
        for format in [BatchFormat::Json, BatchFormat::Ndjson] {
            match parse_batch(format, &body) {
                Ok(lines) => prop_assert!(!lines.is_empty()),
                Err(BatchError::Malformed { line, column, message }) => {
                    prop_assert!((1..=rows).contains(&line), "{} of {}", line, rows);
                    prop_assert!(column >= 1 && !message.is_empty());
                }
                Err(BatchError::Invalid { line, .. }) => prop_assert!(line >= 1),
                Err(error) => prop_assert_eq!(error, BatchError::Empty),
            }
        }
    }

    #[test]
    fn a_number_is_a_time_within_reach_or_refused(number in any::<f64>(), count in any::<i64>()) {
        for value in [json!(number), json!(count)] {
            let object = object(json!({"message": "x", "ts": value}));
            if let Ok(LogLine { occurred_at: Some(time), .. }) = LogLine::from_object(object) {
                prop_assert_eq!(crate::instant::storable(time), Some(time));
            }
        }
    }
}
