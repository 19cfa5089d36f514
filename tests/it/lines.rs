//! The lines that schedules show, beside those that real interpreters run, as `sys.settrace` tells them.

use crate::differential::generator::compare::run_script;
use crate::interpreter::real;
use crate::surroundings::not_tried;
use crate::traces::texts;
use gilsim::python::check::run_alone;
use gilsim::python::version::Version;
use gilsim::scenario::python::modelled;

/// The most instructions of one program.
const STEPS: u64 = 20_000;
/// How many generated programs there are.
const GENERATED: u64 = 40;
/// From this version on each line that is run is told; before, tests that are constant and some jumps have none, and a line is told
/// once more for what leaves a block (PEP 626).
const PRECISE: Version = Version::V3_10;

/// The first line of the statement that each line is a part of, by line.
fn statements(text: &str) -> Vec<u32> {
    let (mut firsts, mut first, mut open) = (vec![0], 0, 0);
    for (line, number) in text.lines().zip(1..) {
        if open == 0 {
            first = number;
        }
        firsts.push(first);
        let mut quote = None;
        for letter in line.chars() {
            match (quote, letter) {
                (Some(begun), _) if letter == begun => quote = None,
                (None, '"' | '\'') => quote = Some(letter),
                (None, '#') => break,
                (None, '(' | '[' | '{') => open += 1,
                (None, ')' | ']' | '}') => open -= 1,
                _ => {}
            }
        }
    }
    firsts
}

/// A line that was run, and whether the other side may leave it out.
type Line = (u32, bool);

/// The lines of one side that neither have to have, and only once each in a row.
fn sequence(lines: impl Iterator<Item = Line>, text: &str) -> Vec<Line> {
    let texts: Vec<&str> = text.lines().map(str::trim).collect();
    let firsts = statements(text);
    let mut last = 0;
    let mut sequence = Vec::new();
    for (line, may_lack) in lines {
        let line = firsts[line as usize];
        let text = texts[line as usize - 1];
        // What is defined has no line of its own in a schedule, nor has what does nothing.
        if text == "pass" || ["def ", "@", "\"\"\""].iter().any(|start| text.starts_with(start)) {
            continue;
        }
        sequence.push((line, may_lack || line == last));
        if !may_lack {
            last = line;
        }
    }
    sequence
}

/// The first line of the model that the real ones lack, or the other way round, by the alignment with the fewest of these.
fn difference(model: &[Line], real: &[Line]) -> Option<(usize, usize)> {
    let cost = |line: &Line| u32::from(!line.1);
    let width = real.len() + 1;
    let mut costs = vec![0; (model.len() + 1) * width];
    for i in (0..=model.len()).rev() {
        for j in (0..=real.len()).rev() {
            let at = |i: usize, j: usize| costs[i * width + j];
            let without_model = model.get(i).map(|line| at(i + 1, j) + cost(line));
            let without_real = real.get(j).map(|line| at(i, j + 1) + cost(line));
            let both = model.get(i).zip(real.get(j)).filter(|(model, real)| model.0 == real.0);
            let both = both.map(|_| at(i + 1, j + 1));
            costs[i * width + j] =
                [without_model, without_real, both].into_iter().flatten().min().unwrap_or(0);
        }
    }
    let (mut i, mut j) = (0, 0);
    while costs[i * width + j] > 0 {
        let here = costs[i * width + j];
        let same = model.get(i).zip(real.get(j)).is_some_and(|(model, real)| model.0 == real.0);
        if same && costs[(i + 1) * width + j + 1] == here {
            (i, j) = (i + 1, j + 1);
        } else if model.get(i).is_some_and(|line| line.1 && costs[(i + 1) * width + j] == here) {
            i += 1;
        } else if real.get(j).is_some_and(|line| line.1 && costs[i * width + j + 1] == here) {
            j += 1;
        } else {
            return Some((i, j));
        }
    }
    None
}

/// The lines that the model shows; nothing if the program is beyond it, goes on for too long, or ends with an exception.
fn of_model(text: &str, version: Version) -> Option<Vec<Line>> {
    let alone =
        run_alone(text, version, STEPS).ok().filter(|alone| !alone.endless && alone.raised.is_none())?;
    // Where a loop is left may be a jump that an earlier one goes past, and in old versions it is.
    let leaves = |text: &str| version < PRECISE && (text.ends_with("break") || text.ends_with("continue"));
    // What ends a statement of several lines has the number of the last up to 3.7, of the first from then on.
    let goes_on = |text: &str| version < Version::V3_8 && text.ends_with(['(', '[', '{', ',']);
    let lines = alone.lines.iter();
    Some(lines.map(|it| (it.line, it.continues || leaves(&it.text) || goes_on(&it.text))).collect())
}

#[test]
fn the_lines_of_a_schedule_are_those_that_real_interpreters_run() {
    let known = real().into_iter().filter_map(|python| Some((modelled(&python)?, python)));
    let mut interpreters: Vec<_> = known.filter(|(version, _)| version.has_gil()).collect();
    interpreters.dedup_by_key(|(version, _)| *version);
    if interpreters.is_empty() {
        return not_tried("lines of programs", "no CPython is installed here");
    }
    for (version, interpreter) in interpreters {
        let start = if version < Version::V3_6 { "from __future__ import print_function\n" } else { "" };
        let traced = texts(GENERATED).into_iter().map(|text| format!("{start}{text}"));
        let traced: Vec<(String, Vec<Line>)> =
            traced.filter_map(|text| of_model(&text, version).map(|lines| (text, lines))).collect();
        assert!(traced.len() > 60, "{version}: only {} programs are traced", traced.len());
        let texts: Vec<&String> = traced.iter().map(|(text, _)| text).collect();
        let real: Vec<Option<Vec<u32>>> =
            run_script(&interpreter, include_str!("lines.py"), &texts, &[]).unwrap();
        for ((text, model), real) in traced.iter().zip(real) {
            let Some(real) = real else { continue };
            let model = sequence(model.iter().copied(), text);
            let real = sequence(real.iter().map(|line| (*line, version < PRECISE)), text);
            if let Some((i, j)) = difference(&model, &real) {
                let part = |lines: &[Line], at: usize| {
                    let part = &lines[at.saturating_sub(3).min(lines.len())..(at + 3).min(lines.len())];
                    part.iter().map(|line| line.0.to_string()).collect::<Vec<_>>().join(" ")
                };
                panic!("{version}: model {} real {}\n{text}", part(&model, i), part(&real, j));
            }
        }
    }
}
