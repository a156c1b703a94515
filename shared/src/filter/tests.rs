use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::ids::UserId;

fn parse(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The underlined characters and the message of a text that is refused.
fn refused(text: &str) -> (String, String) {
    let error = text.parse::<Filter>().expect_err(text);
    let length = error.end - error.start;
    let place = text.chars().skip(error.start).take(length).collect();
    (place, error.message)
}

fn only(text: &str) -> Test {
    let filter = parse(text);
    assert_eq!(filter.terms().len(), 1, "{text:?} is one term: {filter:?}");
    assert!(!filter.terms()[0].negated, "{text:?}");
    filter.terms()[0].test.clone()
}

fn named(name: &str) -> Test {
    Test::Assignee(Assignee::Named(name.to_owned()))
}

fn label(name: &str, value: &str) -> Test {
    Test::Label { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn each_kind_of_term_means_what_it_says() {
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    let priority = |comparison| Test::Priority(comparison, Priority::High);
    let cases = [
        ("status:open", Test::Status(Status::Open)),
        ("Status:INVEST", Test::Status(Status::Investigating)),
        ("priority:high", priority(Comparison::Equal)),
        ("priority:=high", priority(Comparison::Equal)),
        ("priority:<high", priority(Comparison::Less)),
        ("priority:<=high", priority(Comparison::AtMost)),
        ("priority:>=high", priority(Comparison::AtLeast)),
        ("prio:>high", priority(Comparison::Greater)),
        ("priority:crit", Test::Priority(Comparison::Equal, Priority::Critical)),
        ("priority:>med", Test::Priority(Comparison::Greater, Priority::Medium)),
        ("assignee:me", Test::Assignee(Assignee::Me)),
        ("who:NONE", Test::Assignee(Assignee::Nobody)),
        ("assigned_to:dana", named("dana")),
        ("assignee:\"me\"", named("me")),
        ("assignee:\"dana of the north\"", named("dana of the north")),
        ("service:checkout", Test::Service("checkout".to_owned())),
        ("service:\"check out\"", Test::Service("check out".to_owned())),
        ("service:a:b", Test::Service("a:b".to_owned())),
        ("service:\"\"", Test::Service(String::new())),
        ("label:region=eu", label("region", "eu")),
        ("label:region=\"eu west\"", label("region", "eu west")),
        ("label:\"a=b\"=c=d", label("a=b", "c=d")),
        ("label:region=\"\"", label("region", "")),
        ("age:<90s", Test::Age(Comparison::Less, 90)),
        ("age:<=15m", Test::Age(Comparison::AtMost, 900)),
        ("age:>1h", Test::Age(Comparison::Greater, 3_600)),
        ("age:>=3d", Test::Age(Comparison::AtLeast, 259_200)),
        ("age:=1w", Test::Age(Comparison::Equal, 604_800)),
        ("age:<36500d", Test::Age(Comparison::Less, AGE_MAX)),
        ("timeout", Test::Word("timeout".to_owned())),
        ("a-b", Test::Word("a-b".to_owned())),
        ("\"a:b\"", Test::Word("a:b".to_owned())),
        ("\"-\"", Test::Word("-".to_owned())),
        ("監視", Test::Word("監視".to_owned())),
    ];
    for (text, test) in cases {
        assert_eq!(only(text), test, "{text:?}");
    }
    let text = format!("assignee:{id}");
    assert_eq!(only(&text), Test::Assignee(Assignee::Id(UserId(id))));
    assert_eq!(only(&format!("assignee:\"{id}\"")), named(&id.to_string()));
}

#[test]
fn quoted_text_is_words_and_escapes_are_taken() {
    assert_eq!(parse("\"two words\""), parse("two words"));
    assert_eq!(parse("-\"two words\""), parse("-two -words"));
    assert_eq!(only(r#""\"no\"""#), Test::Word("\"no\"".to_owned()));
    assert_eq!(only(r#""a\\b""#), Test::Word("a\\b".to_owned()));
    assert_eq!(only(r"a\b"), Test::Word("a\\b".to_owned()));
    assert!(parse(" \t\u{3000}\n").is_empty());
}

#[test]
fn the_canonical_text_is_sorted_short_and_in_full_words() {
    let cases = [
        ("zeta  status:OPEN zeta", "status:open zeta"),
        ("priority:>=crit assigned_to:me", "priority:>=critical assignee:me"),
        ("-status:closed word", "word -status:closed"),
        ("age:<120m", "age:<2h"),
        ("age:<14d", "age:<2w"),
        ("age:<90s", "age:<90s"),
        ("age:>0w", "age:>0s"),
        ("service:\"checkout\" \"word\"", "service:checkout word"),
        ("\"a b:c -d\"", "\"-d\" a \"b:c\""),
        ("label:a=\"b c\"", "label:a=\"b c\""),
    ];
    for (text, canonical) in cases {
        assert_eq!(parse(text).to_string(), canonical, "{text:?}");
    }
}

#[test]
fn a_mistake_is_underlined_and_says_what_is_right() {
    let cases = [
        ("open stauts:open x", "stauts", "the keys are status, priority, assignee, service"),
        ("a :b", ":", "the keys are"),
        ("http://x", "http", "quotes"),
        ("x -", "-", "negates"),
        ("x - y", "-", "negates"),
        ("--force", "--force", "quotes"),
        ("-\"\"", "\"\"", "no word"),
        ("status:opne", "opne", "open, investigating, resolved, closed"),
        ("status:", "status:", "status is one of"),
        ("-status:", "status:", "status is one of"),
        ("priority:>=urgent", "urgent", "low, medium, high, critical"),
        ("priority:>=", "priority:>=", "priority is one of"),
        ("assignee:", "assignee:", "me, none"),
        ("assignee:\" \"", "\" \"", "me, none"),
        ("service: x", "service:", "needs a name"),
        ("label:", "label:", "label:region=eu"),
        ("label:region", "region", "label:region=eu"),
        ("label:=eu", "label:=eu", "label:region=eu"),
        ("label:region=", "label:region=", "needs a value"),
        ("age:2h", "2h", "age:<2h"),
        ("age:<2", "<2", "15m"),
        ("age:<h", "<h", "15m"),
        ("age:<-2h", "<-2h", "15m"),
        ("age:<2時", "<2時", "15m"),
        ("age:", "age:", "15m"),
        ("age:<36501d", "36501d", "hundred years"),
        ("age:<99999999999999999999s", "99999999999999999999s", "hundred years"),
        ("age:<9223372036854775807w", "9223372036854775807w", "hundred years"),
        ("監 service:\"check out", "\"check out", "not closed"),
        ("\"a\\", "\"a\\", "not closed"),
        ("a\0b", "\0", "NUL"),
    ];
    for (text, place, hint) in cases {
        let (underlined, message) = refused(text);
        assert_eq!(underlined, place, "{text:?}: {message}");
        assert!(message.contains(hint), "{text:?}: {message}");
    }
}

#[test]
fn length_and_number_of_terms_are_bounded() {
    let words = |count: usize| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>();
    assert_eq!(parse(&words(TERMS_MAX).join(" ")).terms().len(), TERMS_MAX);
    let (place, message) = refused(&words(TERMS_MAX + 1).join(" "));
    assert_eq!(place, "w50");
    assert!(message.contains("50"), "{message}");

    assert_eq!(only(&"é".repeat(TEXT_MAX)), Test::Word("é".repeat(TEXT_MAX)));
    let (place, message) = refused(&"é".repeat(TEXT_MAX + 2));
    assert_eq!(place, "éé");
    assert!(message.contains("1002"), "{message}");

    // Short as it is written, too long with its names in full: it could not be read back.
    let long = format!("{} priority:crit", "x".repeat(TEXT_MAX - 14));
    let (place, message) = refused(&long);
    assert_eq!(place, long);
    assert!(message.contains("1004"), "{message}");
}

#[test]
fn completions_are_keys_and_words_at_the_cursor() {
    let complete = |text: &str| {
        let cursor = text.chars().count();
        let all = Filter::complete(&format!("{text}tail"), cursor, &Vocabulary::default());
        let apply = |completion: Completion| {
            assert_eq!(completion.end, cursor, "{text:?}");
            let before: String = text.chars().take(completion.start).collect();
            before + &completion.text
        };
        all.into_iter().map(apply).collect::<Vec<_>>()
    };
    assert_eq!(complete("s"), ["status:", "service:"]);
    assert_eq!(complete("監 -st"), ["監 -status:"]);
    assert_eq!(
        complete("status:"),
        ["open", "investigating", "resolved", "closed"].map(|s| format!("status:{s}"))
    );
    assert_eq!(complete("x priority:>=C"), ["x priority:>=critical"]);
    assert_eq!(complete("who:m"), ["who:me"]);
    assert_eq!(complete("status:open"), [""; 0]);
    for nothing in ["", "s ", "\"s", "service:\"check st", "service:s", "nokey:s", "zzz"] {
        assert_eq!(complete(nothing), [""; 0], "{nothing:?}");
    }
}

#[test]
fn what_is_known_is_completed_and_reads_back() {
    let set = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let known = Vocabulary {
        services: set(&["checkout", "Check in", "search"]),
        labels: [("region", "eu"), ("region", "us east"), ("team", "a"), ("a b", "c")]
            .map(pair)
            .into(),
        people: set(&["dana", "Dana Fox", "me"]),
    };
    let complete = |text: &str| {
        let all = Filter::complete(text, text.chars().count(), &known);
        let whole = |it: Completion| {
            let before: String = text.chars().take(it.start).collect();
            before + &it.text
        };
        all.into_iter().map(whole).collect::<Vec<_>>()
    };
    assert_eq!(complete("service:che"), ["service:\"Check in\"", "service:checkout"]);
    assert_eq!(complete("who:d"), ["who:\"Dana Fox\"", "who:dana"]);
    assert_eq!(complete("who:m"), ["who:me", "who:\"me\""], "a person may be called so");
    assert_eq!(complete("label:"), ["label:\"a b\"=", "label:region=", "label:team="]);
    assert_eq!(complete("-label:region="), ["-label:region=eu", "-label:region=\"us east\""]);
    assert_eq!(complete("label:region=U"), ["label:region=\"us east\""]);
    assert_eq!(complete("label:team=a"), [""; 0]);
    assert_eq!(
        complete("age:<4"),
        ["<4s", "<4m", "<4h", "<4d", "<4w"].map(|it| format!("age:{it}"))
    );
    assert_eq!(
        complete("age:>1"),
        [">1s", ">1m", ">1h", ">1d", ">1w"].map(|it| format!("age:{it}"))
    );
    assert_eq!(complete("age:<").len(), 4);
    for text in ["service:", "who:", "label:region=", "age:", "age:<2", "status:", "priority:>="] {
        let all = complete(text);
        assert!(!all.is_empty(), "{text}");
        for whole in all {
            assert!(whole.parse::<Filter>().is_ok(), "{whole}");
        }
    }
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(Comparison::SIGNS.map(|(_, comparison)| comparison).to_vec())
}

/// Text with a liking for the signs of the language.
fn value() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(" \t\"\\:=-<>ame\u{3000}".chars().collect::<Vec<_>>());
    let ch = prop_oneof![3 => sign, 1 => any::<char>().prop_filter("NUL", |ch| *ch != '\0')];
    prop_oneof![
        4 => prop::collection::vec(ch, 0..12).prop_map(String::from_iter),
        1 => prop::sample::select(vec!["me", "NONE", "open", "2h", "-"]).prop_map(str::to_owned),
        1 => any::<u128>().prop_map(|id| Uuid::from_u128(id).to_string()),
    ]
}

fn assignee() -> impl Strategy<Value = Assignee> {
    let name = value().prop_filter("a name is there", |name| !name.trim().is_empty());
    prop_oneof![
        Just(Assignee::Me),
        Just(Assignee::Nobody),
        any::<u128>().prop_map(|id| Assignee::Id(UserId(Uuid::from_u128(id)))),
        name.prop_map(Assignee::Named),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let word = value().prop_map(|text| text.split_whitespace().collect::<String>());
    let name = value().prop_filter("a name is there", |name| !name.is_empty());
    prop_oneof![
        prop::sample::select(Status::ALL).prop_map(Test::Status),
        (comparison(), prop::sample::select(Priority::ALL)).prop_map(|(c, p)| Test::Priority(c, p)),
        assignee().prop_map(Test::Assignee),
        value().prop_map(Test::Service),
        (name, value()).prop_map(|(name, value)| Test::Label { name, value }),
        (comparison(), 0..=AGE_MAX).prop_map(|(c, seconds)| Test::Age(c, seconds)),
        word.prop_filter("a word is there", |word| !word.is_empty()).prop_map(Test::Word),
    ]
}

fn term() -> impl Strategy<Value = Term> {
    (any::<bool>(), test()).prop_map(|(negated, test)| Term { negated, test })
}

/// Texts that are nearly filters, so that the parser gets far before it refuses.
fn nearly() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => prop::sample::select(vec![
            "-", "\"", "\\", ":", "=", "<", ">=", " ", "status:", "priority:", "assignee:",
            "service:", "label:", "age:", "open", "high", "me", "k=v", "2h", "99999999999d", "é",
        ])
        .prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn what_is_shown_reads_back_as_the_same_filter(terms in prop::collection::vec(term(), 0..6)) {
        let filter = Filter::new(terms);
        let text = filter.to_string();
        let back = text.parse::<Filter>();
        prop_assert_eq!(back.as_ref(), Ok(&filter), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_inside_it(text in prop_oneof![any::<String>(), nearly()]) {
        match text.parse::<Filter>() {
            Ok(filter) => {
                let canonical = filter.to_string();
                let back = canonical.parse::<Filter>();
                prop_assert_eq!(back.as_ref(), Ok(&filter), "{}", canonical);
            }
            Err(error) => {
                prop_assert!(error.start < error.end, "{:?}", error);
                prop_assert!(error.end <= text.chars().count(), "{:?}", error);
                prop_assert!(!error.message.is_empty());
            }
        }
    }

    #[test]
    fn completing_never_panics_and_replaces_what_was_typed(text in nearly(), cursor in 0_usize..40) {
        let known = Vocabulary::default();
        for completion in Filter::complete(&text, cursor, &known) {
            prop_assert!(completion.start <= completion.end);
            prop_assert!(completion.end <= cursor.min(text.chars().count()));
            let typed: String = text
                .chars()
                .skip(completion.start)
                .take(completion.end - completion.start)
                .collect();
            prop_assert!(completion.text.to_lowercase().starts_with(&typed.to_lowercase()));
        }
    }

    #[test]
    fn order_and_copies_do_not_matter(
        (terms, shuffled) in prop::collection::vec(term(), 0..6)
            .prop_flat_map(|terms| (Just(terms.clone()), Just([terms.clone(), terms].concat()).prop_shuffle())),
    ) {
        let text = |terms: &[Term]| terms.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ");
        prop_assert_eq!(parse(&text(&shuffled)), parse(&text(&terms)));
        prop_assert_eq!(Filter::new(shuffled), Filter::new(terms));
    }

    #[test]
    fn a_dash_before_a_term_negates_it(test in test()) {
        let term = |negated| Term { negated, test: test.clone() };
        let plain = term(false).to_string();
        prop_assert_eq!(parse(&plain), Filter::new([term(false)]));
        prop_assert_eq!(parse(&format!("-{plain}")), Filter::new([term(true)]));
    }

    #[test]
    fn both_is_one_question(a in prop::collection::vec(term(), 0..4), b in prop::collection::vec(term(), 0..4)) {
        let both = Filter::new(a.clone()).and(Filter::new(b.clone()));
        prop_assert_eq!(&both, &Filter::new(b).and(Filter::new(a)));
        prop_assert_eq!(parse(&both.to_string()), both);
    }
}
