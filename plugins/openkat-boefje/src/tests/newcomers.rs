//! Boefjes that an organisation has begun to use.

use super::*;
use hinny_plugin::scheduler::Tick;

fn tick(plugin: &SchedulerTest<Boefjes>) -> Result<Vec<Command>, Failure> {
    plugin.handle(Trigger::Tick(Tick { planned_at: NOW, every_ms: 60_000 }))
}

/// Works on what the plugin has sent itself, and on what comes of that, until nothing is left.
fn work(plugin: &SchedulerTest<Boefjes>) -> Vec<Command> {
    let mut commands = tick(plugin).unwrap();
    let mut done = SENT_BEFORE.get();
    while let Some(next) = FakeHost::messages().get(done) {
        commands.extend(plugin.message(&next.source, next.body.clone()).unwrap());
        done += 1;
    }
    SENT_BEFORE.set(done);
    commands
}

thread_local! {
    /// How many of the messages so far are worked on.
    static SENT_BEFORE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

fn hosts(services: Services, count: usize) -> Services {
    (0..count).fold(services, |services, n| services.hostname("org-1", &format!("{n}.example"), 2))
}

#[test]
fn a_new_boefje_runs_on_everything_that_it_may_and_then_it_is_known() {
    let plugin = plugin_with(json!({}), services().hostname("org-1", "low.example", 1));
    let mut runs = queued(&work(&plugin));
    runs.sort();
    assert_eq!(runs, ["dns-records", "dns-records", "nmap"]);
    assert!(work(&plugin).is_empty(), "nothing is new any more");
    services().boefje("org-1", "new", json!({})).install();
    assert_eq!(queued(&work(&plugin)), ["new"]);
}

#[test]
fn a_boefje_that_was_out_of_use_is_new_again() {
    let plugin = plugin();
    work(&plugin);
    services().boefje("org-1", "nmap", json!({"enabled": false})).install();
    assert!(work(&plugin).is_empty());
    services().install();
    assert_eq!(queued(&work(&plugin)), ["nmap"]);
}

#[test]
fn only_boefjes_that_take_something_count() {
    for fields in [
        json!({"consumes": []}),
        json!({"enabled": false}),
        json!({"type": "normalizer"}),
        json!({"scan_level": null}),
    ] {
        let services = Services::new().boefje("org-1", "b", fields.clone());
        let plugin = plugin_with(json!({}), services.hostname("org-1", "example.com", 4));
        assert!(work(&plugin).is_empty(), "{fields}");
    }
}

#[test]
fn objects_come_in_pages_that_are_pieces_of_their_own() {
    let services = Services::new().boefje("org-1", "dns-records", json!({}));
    let plugin = plugin_with(json!({"deduplicate": false}), hosts(services, 250));
    let commands = work(&plugin);
    assert_eq!(pushes(&commands).len(), 250);
    let pieces: Vec<_> = FakeHost::messages()
        .iter()
        .map(|sent| String::from_utf8(sent.body.clone()).unwrap())
        .collect();
    assert_eq!(
        pieces,
        [
            r#"{"look":{"organisation":"org-1"}}"#,
            r#"{"page":{"organisation":"org-1","boefje":"dns-records","page":0}}"#,
            r#"{"page":{"organisation":"org-1","boefje":"dns-records","page":1}}"#,
            r#"{"page":{"organisation":"org-1","boefje":"dns-records","page":2}}"#,
        ]
    );
    let hashes: std::collections::BTreeSet<_> =
        pushes(&commands).into_iter().map(|push| push.hash.clone()).collect();
    assert_eq!(hashes.len(), 250, "each object once");
}

#[test]
fn a_page_asks_for_the_levels_from_its_own_up() {
    let plugin = plugin_with(json!({}), services());
    work(&plugin);
    let asked = FakeHost::requests();
    let pages: Vec<Vec<&str>> = asked
        .iter()
        .filter(|asked| asked.path == "/org-1/objects")
        .map(|asked| {
            let levels = asked.query.iter().filter(|(name, _)| name == "scan_level");
            levels.map(|(_, level)| level.as_str()).collect()
        })
        .collect();
    assert_eq!(pages, [vec!["1", "2", "3", "4"], vec!["2", "3", "4"]]);
}

#[test]
fn an_organisation_that_cannot_be_asked_about_is_looked_at_next_time() {
    let services = services().answering("katalogus", 500, "");
    let plugin = plugin_with(json!({}), services);
    assert!(matches!(tick(&plugin), Err(Failure::RetryAfter(_))));
    self::services().install();
    assert_eq!(queued(&work(&plugin)), ["dns-records", "nmap"]);
}

#[test]
fn a_page_whose_services_are_away_is_tried_again_and_the_others_are_not() {
    let services = Services::new().boefje("org-1", "dns-records", json!({}));
    let services = hosts(services, 150);
    let plugin = plugin_with(json!({}), services.clone());
    let page = |page: u64| {
        let piece =
            json!({"page": {"organisation": "org-1", "boefje": "dns-records", "page": page}});
        plugin.message("openkat_new_boefjes", piece.to_string())
    };
    services.clone().away("bytes").install();
    assert!(matches!(page(0), Err(Failure::RetryAfter(_))));
    services.install();
    assert_eq!(pushes(&page(1).unwrap()).len(), 50);
}

#[test]
fn many_organisations_are_looked_at_in_parts() {
    let services =
        (0..900).fold(Services::new(), |services, n| services.organisation(&format!("org-{n}")));
    let plugin = plugin_with(json!({}), services);
    assert!(tick(&plugin).unwrap().is_empty());
    assert_eq!(asked().len(), 401, "one question for the list, one for each of the first part");
    assert_eq!(FakeHost::messages().len(), 2);
}

#[test]
fn a_boefje_that_went_out_of_use_in_the_meantime_does_not_run() {
    let plugin = plugin_with(json!({}), services().boefje("org-1", "b", json!({"enabled": false})));
    let piece = json!({"page": {"organisation": "org-1", "boefje": "b", "page": 0}});
    assert!(plugin.message("openkat_new_boefjes", piece.to_string()).unwrap().is_empty());
}
