//! Prints every phrase the documentation and the comments should do without: `words [PATH PREFIX]`.

use wigwag_architecture::repository;
use wigwag_architecture::word_list::{ALLOWED, RULES};
use wigwag_architecture::words::{WordList, counts};

fn main() {
    let prefix = std::env::args().nth(1).unwrap_or_default();
    let mut hits = WordList::new(RULES, ALLOWED).search_repository(&repository());
    hits.retain(|hit| hit.file.starts_with(&prefix));
    for hit in &hits {
        println!("{hit}");
    }
    println!("{}", counts(&hits));
}
