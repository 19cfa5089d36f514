//! The order of the rooms in `src/`, and that no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{File, ItemMod, ItemUse, UseTree, Visibility};

/// The rooms from top to bottom. Each may import those that stand after it.
const ROOMS: [&str; 14] = [
    "main",
    "lib",
    "cli",
    "session",
    "report",
    "explore",
    "scenario",
    "measure",
    "interpreter",
    "python",
    "system",
    "error",
    "choice",
    "count",
];

/// The most entries that `src/` may have beside `main.rs` and `lib.rs`.
const MOST_ENTRIES: usize = 12;

/// A module's path from the crate's root: `["measure", "runner"]`; the file `measure/mod.rs` is `["measure"]`.
type Module = Vec<String>;

/// The source files by their modules.
fn sources() -> BTreeMap<Module, PathBuf> {
    fn collect(folder: &Path, above: &Module, found: &mut BTreeMap<Module, PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let below: Module = above.iter().cloned().chain([name.clone()]).collect();
            if path.is_dir() {
                collect(&path, &below, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = if name == "mod" { above.clone() } else { below };
                assert!(found.insert(module, path).is_none(), "two files are one module");
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &Vec::new(), &mut found);
    found
}

/// The paths that a file names, each from the crate's root.
struct Imports {
    /// The module in which the visitor is: that of the file, or one within it.
    module: Module,
    paths: BTreeSet<Module>,
}

impl Imports {
    fn of(module: &Module, text: &str) -> BTreeSet<Module> {
        let mut imports = Self { module: module.clone(), paths: BTreeSet::new() };
        let file: File = syn::parse_str(text).unwrap();
        imports.visit_file(&file);
        imports.paths
    }

    /// Notes a path as it is written, if it is one of this crate's.
    fn note(&mut self, words: &[String]) {
        let mut base = match words.first().map(String::as_str) {
            Some("crate" | "gilsim") => Vec::new(),
            Some("self" | "super") => self.module.clone(),
            _ => return,
        };
        for word in words {
            match word.as_str() {
                "crate" | "gilsim" | "self" => {}
                "super" => drop(base.pop()),
                _ => base.push(word.clone()),
            }
        }
        self.paths.insert(base);
    }

    fn note_tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |ident: &syn::Ident| before.iter().cloned().chain([ident.to_string()]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.note_tree(&path.tree, &with(&path.ident)),
            UseTree::Name(name) => self.note(&with(&name.ident)),
            UseTree::Rename(rename) => self.note(&with(&rename.ident)),
            UseTree::Glob(_) => self.note(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.note_tree(tree, before)),
        }
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // A child of this module may be named without `self::`.
        let before = match &item.tree {
            UseTree::Path(path) if is_child(&self.module, &path.ident.to_string()) => vec!["self".to_owned()],
            _ => Vec::new(),
        };
        self.note_tree(&item.tree, &before);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {
        // `pub(super)` imports nothing.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words = path.segments.iter().map(|segment| segment.ident.to_string());
        let child = path.segments.len() > 1 && is_child(&self.module, &path.segments[0].ident.to_string());
        let words: Vec<String> = child.then(|| "self".to_owned()).into_iter().chain(words).collect();
        self.note(&words);
        visit::visit_path(self, path);
    }
}

/// Whether a module has a file for a child of this name.
fn is_child(module: &Module, name: &str) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module.join("/"));
    folder.join(name).with_extension("rs").exists() || folder.join(name).join("mod.rs").exists()
}

/// Which file imports which: the file of the innermost module that a path names.
fn arrows(sources: &BTreeMap<Module, PathBuf>) -> BTreeMap<Module, BTreeSet<Module>> {
    let target = |path: &Module| (0..=path.len()).rev().find_map(|end| sources.get_key_value(&path[..end]));
    sources
        .iter()
        .map(|(module, file)| {
            let paths = Imports::of(module, &fs::read_to_string(file).unwrap());
            let targets = paths.iter().filter_map(target).map(|(target, _)| target.clone());
            (module.clone(), targets.filter(|target| target != module).collect())
        })
        .collect()
}

fn floor(module: &Module) -> usize {
    let room = &module[0];
    ROOMS
        .iter()
        .position(|known| known == room)
        .unwrap_or_else(|| panic!("{room} has no place in the order of the rooms"))
}

#[test]
fn no_room_imports_one_above_it() {
    let mut wrong = Vec::new();
    for (module, targets) in arrows(&sources()) {
        for target in targets.iter().filter(|target| !target.is_empty()) {
            if floor(target) < floor(&module) {
                wrong.push(format!("{} imports {}", module.join("::"), target.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "these look up:\n{}", wrong.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let arrows = arrows(&sources());
    let circles: Vec<String> = arrows
        .iter()
        .flat_map(|(module, targets)| targets.iter().map(move |target| (module, target)))
        .filter(|(module, target)| reaches(&arrows, target, module))
        .map(|(module, target)| format!("{} imports {}", module.join("::"), target.join("::")))
        .collect();
    assert!(circles.is_empty(), "these are part of a circle:\n{}", circles.join("\n"));
}

/// Whether arrows lead from one module to another.
fn reaches(arrows: &BTreeMap<Module, BTreeSet<Module>>, from: &Module, to: &Module) -> bool {
    let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
    while let Some(module) = next.pop() {
        if module == to {
            return true;
        }
        next.extend(arrows[module].iter().filter(|&target| seen.insert(target)));
    }
    false
}

#[test]
fn the_source_folder_shows_the_rooms_and_nothing_else() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let names: BTreeSet<String> = fs::read_dir(src)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ROOMS.iter().map(|&room| room.to_owned()).collect());
    assert!(names.len() <= MOST_ENTRIES + 2);
}

#[test]
fn an_import_is_seen_however_it_is_written() {
    let text = "use crate::explore::ExploreError;
        use super::{stats::{self, Summary}, workload as load};
        #[cfg(test)] mod tests { use super::*; use crate::cli; fn f() { crate::session::g(); } }
        fn h() -> super::super::report::Report { todo() }";
    let module = ["measure", "runner"].map(str::to_owned).to_vec();
    let seen: Vec<String> = Imports::of(&module, text).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        seen,
        [
            "cli",
            "explore::ExploreError",
            "measure::runner",
            "measure::stats::Summary",
            "measure::stats::self",
            "measure::workload",
            "report::Report",
            "session::g",
        ]
        .map(|path| path.replace("::self", ""))
        .iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .cloned()
        .collect::<Vec<_>>()
    );
}
