//! The text that `wigwag-server licenses` prints: every third-party package in the binary, and each license text once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::npm::NpmPackage;
use crate::third_party::Package;

/// Where the text is, from the root of the repository. The server embeds it.
pub const FILE: &str = "server/src/cli/licenses.txt";

const HEAD: &str = "\
Third-party software in wigwag-server

The binary holds code of the packages below, and of the Rust standard library (MIT OR Apache-2.0,
https://github.com/rust-lang/rust). The list covers all platforms. After each package: its license as an
SPDX expression, and the numbers of the texts that follow.
";

/// The directories of packages that hold code of further projects, with their licenses.
const BUNDLED: &[&str] = &["", "jemalloc", "third_party/fiat", "aws-lc/third_party/fiat", "src/polyfill/once_cell"];

/// The text of the MIT license, for packages that come without one.
const MIT: &str = "\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the \"Software\"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
the Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO
EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE
USE OR OTHER DEALINGS IN THE SOFTWARE.";

/// The notice in the sources of `@bufbuild/protobuf`, whose package has no license file. It is also under Apache-2.0.
const PROTOBUF: &str = "\
Copyright 2008 Google Inc. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided
that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this list of conditions and the
  following disclaimer.
* Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the
  following disclaimer in the documentation and/or other materials provided with the distribution.
* Neither the name of Google Inc. nor the names of its contributors may be used to endorse or promote
  products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY EXPRESS OR IMPLIED
WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A
PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR ANY
DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO,
PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION)
HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING
NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE
POSSIBILITY OF SUCH DAMAGE.";

/// Texts, each with the number it is referred to by.
#[derive(Default)]
struct Texts {
    numbers: BTreeMap<String, usize>,
    texts: Vec<String>,
}

impl Texts {
    /// Returns the number of a text. Texts that differ in spacing and letter case have the same.
    fn number(&mut self, text: &str) -> usize {
        let next = self.texts.len() + 1;
        let number = *self.numbers.entry(key(text)).or_insert(next);
        if number == next {
            self.texts.push(text.to_owned());
        }
        number
    }
}

/// Returns the text for these crates and npm packages.
///
/// # Panics
/// When a package has no license text, and none is known for its license.
pub fn render(crates: &[Package], npm: &[NpmPackage]) -> String {
    let mut texts = Texts::default();
    let mut list = String::new();
    let mut row = |name: &str, license: &str, mut numbers: Vec<usize>| {
        numbers.sort_unstable();
        numbers.dedup();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let _ = writeln!(list, "  {name}: {license} [{}]", numbers.join(", "));
    };
    for package in crates.iter().filter(|package| package.source.is_some()) {
        let mut found = license_files(&package.directory);
        if found.is_empty() {
            let by = match package.authors.as_slice() {
                [] => format!("the authors of {}", package.name),
                authors => authors.iter().map(|author| without_address(author)).collect::<Vec<_>>().join(", "),
            };
            assert!(
                package.license.contains("MIT"),
                "{} has no license text: add it to license_texts.rs",
                package.id()
            );
            found.push(format!("Copyright (c) {by}\n\n{MIT}"));
        }
        let numbers = found.iter().map(|text| texts.number(text)).collect();
        row(&package.id(), &package.license, numbers);
    }
    for package in npm {
        let apache = texts.texts.iter().position(|text| text.trim_start().starts_with("Apache License"));
        let mut numbers = vec![apache.expect("a crate has it") + 1];
        match (package.name.as_str(), package.license.as_str()) {
            ("@bufbuild/protobuf", _) => numbers.push(texts.number(PROTOBUF)),
            (_, "Apache-2.0") => {}
            _ => panic!("the license text of {} is not known: add it to license_texts.rs", package.name),
        }
        row(&format!("{} {} (npm)", package.name, package.version), &package.license, numbers);
    }
    let mut out = format!("{HEAD}\n{list}");
    for (at, text) in texts.texts.iter().enumerate() {
        let _ = write!(out, "\n{}\n[{}]\n\n{text}\n", "-".repeat(80), at + 1);
    }
    out
}

/// Returns the license texts in a package, and in the directories where it keeps code of other projects.
fn license_files(directory: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for bundled in BUNDLED {
        let mut names: Vec<_> = std::fs::read_dir(directory.join(bundled)).into_iter().flatten().flatten().collect();
        names.sort_by_key(std::fs::DirEntry::file_name);
        for entry in names {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let is_license = ["license", "licence", "copying", "notice", "copyright", "unlicense"]
                .iter()
                .any(|start| name.starts_with(start));
            if is_license && entry.path().is_file() {
                let text = std::fs::read(entry.path()).expect("a license can be read");
                let text = String::from_utf8_lossy(&text).replace('\r', "");
                let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).collect();
                files.push(lines.join("\n").trim_matches('\n').to_owned());
            }
        }
    }
    files
}

/// Returns what a text says, without its layout. The Apache license is followed by advice how to apply it, which differs from
/// copy to copy; only who holds the copyright counts there.
fn key(text: &str) -> String {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let whole = words(text).replace("https://", "http://");
    match text.split_once("END OF TERMS AND CONDITIONS") {
        Some((terms, advice)) if whole.starts_with("apache license") => {
            let holders = advice.lines().map(str::trim).filter(|line| {
                line.starts_with("Copyright") && !line.contains("yyyy") && line.contains(|c: char| c.is_ascii_digit())
            });
            let more = advice.contains("---") || advice.len() > 2_000;
            let rest = if more { advice } else { &holders.collect::<Vec<_>>().join("\n") };
            words(terms).replace("https://", "http://") + &words(rest)
        }
        _ => whole,
    }
}

/// Returns an author without the e-mail address.
fn without_address(author: &str) -> &str {
    author.split('<').next().unwrap_or(author).trim()
}
