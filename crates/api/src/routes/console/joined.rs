//! The console's modules as one script: a browser asks once, and what they have in common is compressed once.
//!
//! This is no compiler. Every module becomes a function that gives out what the module exports, in an order in which all
//! it imports is there before it; what is given out has one name everywhere, so nobody needs to fetch it. It takes the few
//! forms that the console is written in, each on a line of its own, and says which line is none of them. Indentation and
//! remarks stay behind, so no text may depend on how its line begins.

use std::collections::{BTreeMap, BTreeSet};

/// Where everything begins, and what stays a module of its own because it is minified.
const MAIN: &str = "main.js";
const LIBRARY: &str = "vendor/preact.js";

/// The script, or the line that it could not be made from.
pub(super) fn joined<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String, String> {
    let modules: BTreeMap<_, _> = files.filter(|(name, _)| name.ends_with(".js") && *name != LIBRARY).collect();
    let mut joined = Joined::default();
    add(MAIN, &modules, &mut joined, &mut Vec::new())?;
    let names: Vec<_> = joined.of_library.into_iter().collect();
    if let Some(twice) = names.iter().find(|name| joined.exported.contains(*name)) {
        return Err(format!("{twice} is also a name of the library"));
    }
    Ok(format!("import {{ {} }} from \"./{LIBRARY}\";\n{}", names.join(", "), joined.script))
}

#[derive(Default)]
struct Joined {
    /// What the modules use of the library: imported once for all.
    of_library: BTreeSet<String>,
    done: BTreeSet<String>,
    exported: BTreeSet<String>,
    script: String,
}

fn add(
    name: &str,
    modules: &BTreeMap<&str, &str>,
    joined: &mut Joined,
    under_way: &mut Vec<String>,
) -> Result<(), String> {
    if joined.done.contains(name) {
        return Ok(());
    }
    if under_way.iter().any(|known| known == name) {
        return Err(format!("{name} imports itself by way of {}", under_way.join(", ")));
    }
    let text = modules.get(name).ok_or_else(|| format!("there is no {name}"))?;
    under_way.push(name.to_owned());
    let (mut body, mut exports) = (String::new(), Vec::new());
    for line in without_remarks(text) {
        let line = without_types(line);
        if let Some(import) = line.strip_prefix("import ") {
            let (names, from) = import_of(import).ok_or_else(|| format!("{name}: {line}"))?;
            let from = resolved(name, from);
            if from == LIBRARY {
                joined.of_library.extend(names.split(", ").map(str::to_owned));
                continue;
            }
            add(&from, modules, joined, under_way)?;
            let renamed = names.split(", ").filter_map(|name| name.split_once(" as "));
            body.extend(renamed.map(|(name, own)| format!("const {own} = {name};\n")));
        } else if let Some(exported) = line.strip_prefix("export ") {
            exports.push(name_of(exported).ok_or_else(|| format!("{name}: {line}"))?.to_owned());
            body.push_str(&format!("{exported}\n"));
        } else {
            body.push_str(&format!("{line}\n"));
        }
    }
    under_way.pop();
    joined.done.insert(name.to_owned());
    if let Some(twice) = exports.iter().find(|name| !joined.exported.insert((*name).clone())) {
        return Err(format!("{name} exports {twice}, which another module does as well"));
    }
    let exports = exports.join(", ");
    joined.script.push_str(&format!("const {{ {exports} }} = (() => {{\n{body}return {{ {exports} }};\n}})();\n"));
    Ok(())
}

/// `{ a, b as c } from "./x.js";`
fn import_of(text: &str) -> Option<(&str, &str)> {
    let (names, from) = text.strip_prefix("{ ")?.split_once(" } from \"")?;
    Some((names, from.strip_suffix("\";")?))
}

/// Of `async function f(`, `function f(`, `class C`, `const c =`.
fn name_of(text: &str) -> Option<&str> {
    let text = text.strip_prefix("async ").unwrap_or(text);
    let rest = ["function ", "class ", "const "].iter().find_map(|form| text.strip_prefix(form))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next().filter(|name| !name.is_empty())
}

/// Where `./x.js` or `../y/x.js` is, seen from a module.
fn resolved(from: &str, path: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What is code. Remarks stand on lines of their own; those that are for the checker of types take several.
fn without_remarks(text: &str) -> impl Iterator<Item = &str> {
    let mut in_remark = false;
    text.lines().map(str::trim).filter(move |line| {
        let opens = line.starts_with("/**");
        let is_remark = in_remark || opens && (line.ends_with("*/") || !line.contains("*/")) || line.starts_with("//");
        in_remark = (in_remark || opens) && !line.contains("*/");
        !is_remark && !line.is_empty()
    })
}

/// Without the types that stand in the middle of a line.
fn without_types(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::new();
    while let Some((before, (_, after))) =
        rest.split_once("/** @").and_then(|(at, all)| Some((at, all.split_once("*/")?)))
    {
        kept.push_str(before);
        rest = after.trim_start();
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&'static str, &'static str)]) -> Result<String, String> {
        joined(files.iter().copied())
    }

    #[test]
    fn what_is_imported_is_there_before_it_is_needed() {
        let script = of(&[
            (
                "lib/a.js",
                "// About.\n/** @param {string} x */\nexport const a = (x) => /** @type {string} */ (x);\nexport async function b() {}\n",
            ),
            ("main.js", "import { d as c } from \"./parts/x.js\";\nc();\n"),
            (
                "parts/x.js",
                "import { html } from \"../vendor/preact.js\";\nimport { a } from \"../lib/a.js\";\nexport class d {}\n",
            ),
        ]);
        let script = script.unwrap();
        let place = |text: &str| script.find(text).unwrap_or_else(|| panic!("{text} is not in\n{script}"));
        assert!(script.starts_with("import { html } from \"./vendor/preact.js\";\n"), "{script}");
        assert!(place("const { a, b } = ") < place("const { d } = "), "lib/a.js before parts/x.js");
        assert!(place("const { d } = ") < place("const c = d;"), "it has a name of its own there");
        assert!(script.contains("const a = (x) => (x);"), "{script}");
        assert!(!script.contains("About") && !script.contains("@param") && !script.contains("export"));
    }

    #[test]
    fn what_it_does_not_know_is_named() {
        for odd in ["import x from \"./a.js\";", "export default 1;", "import { a } from \"./nowhere.js\";"] {
            let text: &'static str = Box::leak(format!("{odd}\n").into_boxed_str());
            assert!(of(&[("main.js", text)]).is_err(), "{odd}");
        }
        for (one, other) in [("lib/a.js", "const a = 1;"), ("lib/b.js", "const html = 1;")] {
            let text: &'static str = Box::leak(format!("export {other}\n").into_boxed_str());
            let main = "import { html } from \"./vendor/preact.js\";\nimport { a } from \"./lib/a.js\";\nimport { x } from \"./lib/b.js\";\n";
            let mut files =
                vec![("main.js", main), ("lib/a.js", "export const a = 1;\n"), ("lib/b.js", "export const a = 2;\n")];
            if one == "lib/b.js" {
                files[2].1 = text;
            }
            assert!(of(&files).unwrap_err().contains(if one == "lib/a.js" { "another module" } else { "library" }));
        }
        let circle = of(&[
            ("main.js", "import { a } from \"./a.js\";\n"),
            ("a.js", "import { b } from \"./main.js\";\nexport const a = 1;\n"),
        ]);
        assert!(circle.unwrap_err().contains("imports itself"));
    }

    #[test]
    fn the_console_is_written_in_these_forms() {
        let files = super::super::files::FILES.iter();
        let texts: Vec<_> = files.map(|(name, bytes)| (*name, std::str::from_utf8(bytes).unwrap())).collect();
        joined(texts.into_iter()).unwrap();
    }
}
