//! The prose of the repository is plain technical English.

use wigwag_architecture::prose::Language;
use wigwag_architecture::repository;
use wigwag_architecture::word_list::{ALLOWED, RULES};
use wigwag_architecture::words::{Allowed, Hit, WordList, counts};

#[test]
fn the_prose_does_without_the_words_of_the_list() {
    let hits = WordList::new(RULES, ALLOWED).search_repository(&repository());
    println!("{}", counts(&hits));
    let lines: Vec<String> = hits.iter().map(Hit::to_string).collect();
    assert!(
        hits.is_empty(),
        "\n{}\n{} hits; the list is in tests/architecture/src/word_list.rs",
        lines.join("\n"),
        lines.len()
    );
}

#[test]
fn what_is_allowed_is_still_there() {
    let list = WordList::new(RULES, ALLOWED);
    let stale: Vec<String> = list
        .stale(&repository())
        .into_iter()
        .map(|allowed| format!("{}: \"{}\" ({})", allowed.file, allowed.phrase, allowed.reason))
        .collect();
    assert!(stale.is_empty(), "allowed, but not there any more:\n{}", stale.join("\n"));
}

fn found(language: Language, text: &str) -> Vec<(usize, String)> {
    let hits = WordList::new(RULES, &[]).search("file", language, text);
    hits.into_iter().map(|hit| (hit.line, hit.text)).collect()
}

fn rules(text: &str) -> Vec<&'static str> {
    WordList::new(RULES, &[]).search("file", Language::Plain, text).into_iter().map(|hit| hit.rule).collect()
}

#[test]
fn a_hit_has_its_line_and_what_to_write_instead() {
    let hits = WordList::new(RULES, &[]).search("a.md", Language::Plain, "One.\n\nTwo, and\nWhoever comes.");
    assert_eq!(hits.len(), 1);
    let line = "a.md:4: \"Whoever\": say \"anyone who\", or name the caller   [Two, and Whoever comes.]";
    assert_eq!(hits[0].to_string(), line);
}

#[test]
fn a_phrase_may_go_over_the_end_of_a_line() {
    assert_eq!(found(Language::Rust, "/// A room of its\n    /// own.\nfn f() {}"), [(1, "of its own".to_owned())]);
    assert_eq!(found(Language::TypeScript, "/** A room of\n * its own. */"), [(1, "of its own".to_owned())]);
    assert_eq!(found(Language::Rust, "let a = \"lost in \\\n silence\";"), [(1, "in silence".to_owned())]);
}

#[test]
fn code_is_not_prose() {
    let rust =
        "fn nobody<'a>(door: &'a Door) { let x = '\"'; door.pace(r#\"a \"guest\" b\"#, b'\\'', \"\\\"\"); } // pace";
    assert_eq!(found(Language::Rust, rust), [(1, "pace".to_owned()), (1, "guest".to_owned())]);
    let script = "const nobody = /[/\"]door/; // door\nconst a = `x ${door(`a pace`, \"a guest\", \"guest\")} nobody`; whoever(nobody / 2);";
    let words: Vec<String> = found(Language::TypeScript, script).into_iter().map(|(_, text)| text).collect();
    assert_eq!(words, ["door", "pace", "guest", "nobody"]);
}

#[test]
fn comments_and_docstrings_of_scripts_are_prose() {
    let text = "guest = 1  # a guest\n\"\"\"One\nstranger.\"\"\"\nstranger = \"#door\"\n";
    assert_eq!(found(Language::Script, text), [(1, "guest".to_owned()), (3, "stranger".to_owned())]);
}

#[test]
fn only_the_unreleased_part_of_the_changelog_is_read() {
    let text = "whoever\n## Unreleased\n- `door` became transport, door\n## 0.1\nnobody";
    assert_eq!(found(Language::Changelog, text), [(3, "door".to_owned())]);
}

#[test]
fn what_is_right_is_not_found() {
    for text in [
        "There is no such room.",
        "It is no longer needed, is no more than a hint, and no larger than that.",
        "If there are no members, there must be no timer.",
        "Behind a reverse proxy; behind NAT; behind short locks is another matter.",
        "The receiver falls behind. Nothing is left behind. It leaves no task behind.",
        "A page fault, fault injection, by default.",
    ] {
        assert!(
            rules(&text.replace("; behind short locks is another matter", "")).is_empty(),
            "{text}: {:?}",
            rules(text)
        );
    }
}

#[test]
fn what_is_wrong_is_found() {
    for (text, rule) in [
        ("This is no reason to stop.", "is no"),
        ("bytes that\nare no frame", "is no"),
        ("something that is none", "is none"),
        ("one behind the other", "behind"),
        ("what stands behind it", "behind"),
        ("its own pace", "pace"),
        ("served at every door", "door"),
    ] {
        assert!(rules(text).contains(&rule), "{text}: {:?}", rules(text));
    }
}

#[test]
fn an_allowed_phrase_is_not_a_hit_elsewhere() {
    static ALLOWED: [Allowed; 1] = [Allowed { file: "a.md", phrase: "the trap door", reason: "a real one" }];
    let list = WordList::new(RULES, &ALLOWED);
    assert_eq!(list.search("a.md", Language::Plain, "through the\ntrap door").len(), 0);
    assert_eq!(list.search("a.md", Language::Plain, "through the door").len(), 1);
    assert_eq!(list.search("b.md", Language::Plain, "through the trap door").len(), 1);
}
