//! One page (HTML) that holds all of a report: its tables and texts, its charts, the settings, the command and the JSON.
//!
//! The same for every document, from its [`Part`]s, its charts and its JSON. It needs nothing besides itself: no script, no
//! network. Every text goes through [`Markup`], so that it stays text.

use super::chart::svg;
use super::document::Document;
use super::layout::{Cell, Grid};
use super::markup::{Attribute, Markup};
use super::part::{Fold, Part};
use super::timeline::{Window, picture};
use crate::system::cpus;
use anstream::adapter::strip_str;
use anstyle::AnsiColor;
use serde_json::Value;
use std::io;

/// How a page looks.
const STYLE: &str = include_str!("style.css");
/// A table of more columns than this becomes a block for each row where there is little room.
const FEW: usize = 3;
/// Words that begin a paragraph and say what it is.
const LABELS: [&str; 9] =
    ["why", "Why", "note", "try next", "which one", "time", "Witness", "not seen", "interrupted"];

/// Writes a document as a page, with the command that made it, and this part of its timelines.
///
/// # Errors
///
/// When the document has no JSON, which cannot be.
pub(super) fn render(document: &dyn Document, command: &str, window: Window) -> io::Result<String> {
    let json = document.json()?;
    let parts = document.parts();
    let mut page = Markup::default();
    page.markup("<!DOCTYPE html>\n");
    page.open("html", &[("lang", "en")]);
    page.open("head", &[]);
    page.empty("meta", &[("charset", "utf-8")]);
    page.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    page.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    page.element("title", &[], &one_line(command));
    // A style's text is not read as markup, and it is this crate's own.
    page.open("style", &[]);
    page.markup(STYLE);
    page.markup(svg::STYLE);
    page.close("style");
    page.close("head");
    page.open("body", &[]);
    page.open("header", &[]);
    page.element("h1", &[], &one_line(command));
    page.close("header");
    page.open("main", &[]);
    section(&mut page, "Result", |page| parts.iter().for_each(|part| show(page, part)));
    charts(&mut page, document);
    timelines(&mut page, document, window);
    let folds: Vec<&Fold> =
        parts.iter().filter_map(|part| if let Part::Fold(fold) = part { Some(fold) } else { None }).collect();
    if !folds.is_empty() {
        section(&mut page, "What is behind the cells", |page| folds.iter().for_each(|it| folded(page, it)));
    }
    section(&mut page, "Machine and settings", |page| settings(page, &json));
    section(&mut page, "Run it again", |page| command_line(page, command));
    section(&mut page, "Data", |page| {
        page.open("details", &[]);
        page.element("summary", &[], "the whole report as JSON");
        region(page, "JSON", |page| page.element("pre", &[], &json));
        page.close("details");
    });
    page.close("main");
    page.open("footer", &[]);
    page.element("p", &[], concat!("Made by gilsim ", env!("CARGO_PKG_VERSION"), "."));
    page.close("footer");
    page.close("body");
    page.close("html");
    Ok(page.finish())
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

fn section(page: &mut Markup, title: &str, content: impl FnOnce(&mut Markup)) {
    page.open("section", &[]);
    page.element("h2", &[], title);
    content(page);
    page.close("section");
}

/// What may be wider than the page, and can be scrolled by itself, by keyboard too.
fn region(page: &mut Markup, name: &str, content: impl FnOnce(&mut Markup)) {
    page.open("div", &[("class", "wide"), ("role", "region"), ("aria-label", name), ("tabindex", "0")]);
    content(page);
    page.close("div");
}

fn show(page: &mut Markup, part: &Part) {
    match part {
        Part::Text(text) => paragraph(page, &strip_str(text).to_string()),
        Part::Command(command) => command_line(page, command),
        Part::Table(grid) => table(page, grid),
        Part::Fold(_) => {}
    }
}

fn command_line(page: &mut Markup, command: &str) {
    page.open("pre", &[("class", "command")]);
    page.element("code", &[], command);
    page.close("pre");
}

fn paragraph(page: &mut Markup, text: &str) {
    page.open("p", &[]);
    match text.split_once(": ") {
        Some((label, rest)) if LABELS.contains(&label) => {
            page.element("strong", &[], &format!("{label}:"));
            page.text(" ");
            page.text(rest);
        }
        _ => page.text(text),
    }
    page.close("p");
}

fn table(page: &mut Markup, grid: &Grid) {
    let name = if grid.title.is_empty() { "table" } else { &grid.title };
    region(page, name, |page| {
        let many = grid.header.len() > FEW;
        page.open("table", if many { &[("class", "many"), ("role", "table")] } else { &[] });
        if !grid.title.is_empty() {
            page.element("caption", &[], &grid.title);
        }
        page.open("thead", &[("role", "rowgroup")]);
        page.open("tr", &[("role", "row")]);
        for (column, name) in grid.header.iter().enumerate() {
            let class = if is_words(grid, column) { "words" } else { "number" };
            let attributes = [("class", class), ("scope", "col"), ("role", "columnheader")];
            page.element(
                if name.is_empty() { "td" } else { "th" },
                if name.is_empty() { &[] } else { &attributes },
                name,
            );
        }
        page.close("tr");
        page.close("thead");
        page.open("tbody", &[("role", "rowgroup")]);
        for row in &grid.rows {
            page.open("tr", &[("role", "row")]);
            for (column, cell) in row.iter().enumerate() {
                self::cell(page, grid, column, cell);
            }
            page.close("tr");
        }
        page.close("tbody");
        page.close("table");
    });
}

fn is_words(grid: &Grid, column: usize) -> bool {
    column == 0 || grid.words.contains(&column)
}

fn cell(page: &mut Markup, grid: &Grid, column: usize, cell: &Cell) {
    let mut classes = vec![if is_words(grid, column) { "words" } else { "number" }];
    classes.extend(match cell.colour {
        Some(AnsiColor::Green) => Some("good"),
        Some(AnsiColor::Yellow) => Some("warn"),
        Some(AnsiColor::Red) => Some("bad"),
        _ => None,
    });
    if cell.text.is_empty() {
        classes.push("empty");
    }
    let classes = classes.join(" ");
    let mut attributes: Vec<Attribute<'_>> = vec![("class", &classes)];
    let element = if column == 0 {
        attributes.extend([("scope", "row"), ("role", "rowheader")]);
        "th"
    } else {
        attributes.push(("role", "cell"));
        "td"
    };
    let label = grid.header.get(column).filter(|label| !label.is_empty());
    attributes.extend(label.map(|label| ("data-label", label.as_str())));
    page.open(element, &attributes);
    match &cell.opens {
        Some(id) => page.element("a", &[("href", &format!("#{id}"))], &cell.text),
        None => page.text(&cell.text),
    }
    page.close(element);
}

fn folded(page: &mut Markup, fold: &Fold) {
    page.open("details", &[("class", "fold")]);
    page.element("summary", &[], &fold.summary);
    // A browser that goes to a place within it unfolds it.
    page.open("div", &[("id", &fold.id), ("tabindex", "-1")]);
    fold.parts.iter().for_each(|part| show(page, part));
    page.close("div");
    page.close("details");
}

/// Each chart twice: for a wide page and for a narrow one, of which a browser shows the one that fits.
fn charts(page: &mut Markup, document: &dyn Document) {
    let charts = document.charts();
    if charts.is_empty() {
        return;
    }
    section(page, if charts.len() == 1 { "Chart" } else { "Charts" }, |page| {
        for (number, chart) in charts.iter().enumerate() {
            for (class, width) in [("when-wide", svg::WIDE), ("when-narrow", svg::NARROW)] {
                page.open("figure", &[("class", class)]);
                page.markup(&svg::part(chart, width, &format!("chart-{number}-{class}")));
                page.close("figure");
            }
        }
    });
}

/// A part of each timeline, in the two widths as well.
fn timelines(page: &mut Markup, document: &dyn Document, window: Window) {
    let timelines = document.timelines();
    if timelines.is_empty() {
        return;
    }
    section(page, "Timeline", |page| {
        for (number, timeline) in timelines.iter().enumerate() {
            for (class, width) in [("when-wide", svg::WIDE), ("when-narrow", svg::NARROW)] {
                let prefix = format!("timeline-{number}-{class}");
                page.open("figure", &[("class", class)]);
                page.markup(&picture::part(timeline, window, width, &prefix));
                page.close("figure");
            }
        }
    });
}

/// The plain values at the top of the JSON, whose names docs/json.md explains.
fn settings(page: &mut Markup, json: &str) {
    let Ok(Value::Object(fields)) = serde_json::from_str(json) else { return };
    page.open("dl", &[]);
    let system = [std::env::consts::OS, std::env::consts::ARCH].join(", ");
    let mut shown = vec![("system".to_owned(), system)];
    shown.extend(cpus::model().map(|model| ("processor".to_owned(), model)));
    for (name, value) in fields {
        let value = match value {
            Value::String(text) if !text.is_empty() => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => if flag { "yes" } else { "no" }.to_owned(),
            _ => continue,
        };
        shown.push((name.replace('_', " "), value));
    }
    for (name, value) in shown {
        page.open("div", &[]);
        page.element("dt", &[], &name);
        page.element("dd", &[], &value);
        page.close("div");
    }
    page.close("dl");
}
