//! Writes what follows from the dependencies: `third_party licenses` the file of license texts that the server embeds,
//! `third_party sbom DIRECTORY` the bills of materials.

use std::path::Path;

use serde_json::Value;
use wigwag_architecture::license_texts::{FILE, render};
use wigwag_architecture::npm::{packages, root_package};
use wigwag_architecture::third_party::{checksums, packages_in, page_packages};
use wigwag_architecture::{repository, sbom};

const BINARY: &str = "wigwag-server";

fn main() {
    let root = repository();
    let crates = packages_in(&root, BINARY);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["licenses"] => write(&root.join(FILE), &render(&crates, &page_packages(&root))),
        ["sbom", directory] => {
            let directory = Path::new(directory);
            std::fs::create_dir_all(directory).expect("the directory can be created");
            let client = root.join("clients/typescript");
            let bill = sbom::of_binary(BINARY, &crates, &checksums(&root), &page_packages(&root));
            write_json(&directory.join("wigwag-server.cdx.json"), &bill);
            let bill = sbom::of_npm(&root_package(&client), &packages(&client));
            write_json(&directory.join("wigwag-client-npm.cdx.json"), &bill);
        }
        _ => panic!("usage: third_party licenses | sbom DIRECTORY"),
    }
}

fn write_json(path: &Path, value: &Value) {
    write(path, &(serde_json::to_string_pretty(value).expect("JSON") + "\n"));
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    println!("{}", path.display());
}
