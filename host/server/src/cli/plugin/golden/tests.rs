//! Golden files, as they are read, compared and written.

use serde_json::json;

use super::*;

fn ranked(of: &[(&str, i64)]) -> Answers {
    let one = |(task, priority): &(&str, i64)| json!({"task": task, "priority": priority});
    let list = of.iter().map(|it| serde_json::from_value(one(it)).unwrap());
    Answers::Ranked(list.collect())
}

fn differences(expected: &str, got: &[(&str, i64)]) -> Vec<String> {
    let text =
        format!(r#"{{"tasks": [{{"task": "a"}}, {{"task": "b"}}], "expected": {expected}}}"#);
    let golden = Golden::read(&text).unwrap();
    let shown = |one: Difference| {
        let value =
            |value: Option<Value>| value.map_or_else(|| "-".to_owned(), |it| it.to_string());
        format!("{}: {} {}", one.what, value(one.expected), value(one.got))
    };
    golden.compare(&ranked(got)).into_iter().map(shown).collect()
}

#[test]
fn a_priority_that_is_another_is_named_with_both_values() {
    let expected = r#"[{"task": "b", "priority": 1}, {"task": "a", "priority": 2}]"#;
    assert!(differences(expected, &[("b", 1), ("a", 2)]).is_empty());
    assert_eq!(differences(expected, &[("b", 1), ("a", 3)]), ["priority of `a`: 2 3"]);
    assert_eq!(
        differences(expected, &[("a", 0), ("b", 1)]),
        ["priority of `a`: 2 0", r#"order: ["b","a"] ["a","b"]"#]
    );
}

#[test]
fn names_alone_expect_an_order_and_no_priorities() {
    assert!(differences(r#"["b", "a"]"#, &[("b", -7), ("a", 9)]).is_empty());
    assert_eq!(
        differences(r#"["b", "a"]"#, &[("a", 1), ("b", 2)]),
        [r#"order: ["b","a"] ["a","b"]"#]
    );
}

#[test]
fn a_task_that_nothing_is_expected_of_differs_and_so_does_one_that_is_gone() {
    assert_eq!(differences("[]", &[("a", 1)]), ["priority of `a`: - 1"]);
    let of_gone =
        differences(r#"[{"task": "a", "priority": 1}, {"task": "c", "priority": 5}]"#, &[("a", 1)]);
    assert_eq!(of_gone, ["priority of `c`: 5 -", r#"order: ["a","c"] ["a"]"#]);
    assert_eq!(differences("7", &[("a", 1)]).len(), 1, "what is no list is not as expected");
}

#[test]
fn a_blessed_file_is_as_it_was_but_for_what_is_expected() {
    let before = "{\n  \"tasks\":   [{\"task\": \"a\", \"data\": {\"z\": 1, \"b\": 2}}],\n  \"expected\": [1, 2],\n  \"now\": \"2026-01-31T12:00:00Z\"\n}\n";
    let after = Golden::read(before).unwrap().with(&ranked(&[("a", 5)])).unwrap();
    let list = "[\n    {\"task\":\"a\",\"priority\":5}\n  ]";
    assert_eq!(after, before.replace("[1, 2]", list));
    let again = Golden::read(&after).unwrap();
    assert!(again.compare(&ranked(&[("a", 5)])).is_empty());
}

#[test]
fn a_file_without_expectations_gets_them_at_its_end() {
    let after = Golden::read("{\"tasks\": [{\"task\": \"a\"}]}").unwrap();
    let after = after.with(&ranked(&[("a", 5)])).unwrap();
    assert!(Golden::read(&after).unwrap().compare(&ranked(&[("a", 5)])).is_empty(), "{after}");
}

#[test]
fn a_file_that_makes_no_sense_is_refused_with_the_cure() {
    let refused = |text: &str| Golden::read(text).unwrap_err().to_string();
    assert!(refused("{}").contains("hint: give one of them"));
    let twice = refused(r#"{"tasks": [{"task": "a"}, {"task": "a"}]}"#);
    assert_eq!(twice, "two tasks are called `a`; hint: rename one");
    let unknown = refused(r#"{"tasks": [{"task": "a", "level": 1}]}"#);
    assert!(unknown.starts_with("unknown field `level`"), "{unknown}");
    let both = refused(r#"{"tasks": [{"task": "a"}], "triggers": [{"tick": {"every_ms": 1}}]}"#);
    assert!(both.contains("hint: make two files of it"), "{both}");
}

#[test]
fn answers_to_triggers_are_compared_one_by_one() {
    let text = r#"{"triggers": [{"tick": {"every_ms": 1000}}, {"push": {"data": {}}}],
        "expected": ["unwanted", {"rejected": "no"}]}"#;
    let golden = Golden::read(text).unwrap();
    let told = |last: Value| Answers::Told(vec![json!("unwanted"), last]);
    assert!(golden.compare(&told(json!({"rejected": "no"}))).is_empty());
    let differs = golden.compare(&told(json!({"rejected": "never"})));
    assert_eq!(
        differs,
        [Difference {
            what: "answer 2 (push)".to_owned(),
            expected: Some(json!({"rejected": "no"})),
            got: Some(json!({"rejected": "never"})),
        }]
    );
}
