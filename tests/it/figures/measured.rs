//! The figures of measured rows: single tables, comparisons, convoys.

use super::{hold, list, number, run, shown};
use regex::Regex;
use serde_json::Value;

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let count = values.len() as f64;
    values.iter().sum::<f64>() / count
}

/// Type 8 of Hyndman and Fan.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let place = (sorted.len() as f64 + 1.0 / 3.0) * share + 1.0 / 3.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let below = place.max(0.0) as usize;
    match below {
        0 => sorted[0],
        below if below >= sorted.len() => sorted[sorted.len() - 1],
        below => sorted[below - 1] + place.fract() * (sorted[below] - sorted[below - 1]),
    }
}

fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MIN, f64::max)
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MAX, f64::min)
}

fn times_of(row: &Row<'_>) -> Vec<f64> {
    row.times()
}

fn starts_of(row: &Row<'_>) -> Vec<f64> {
    row.started()
}

/// The share of a run in which two or more of its spans overlap, by looking at each stretch between two edges.
fn overlap(run: &Value) -> f64 {
    let spans: Vec<[f64; 2]> =
        list(&run["spans"]).iter().map(|span| [number(&span[0]), number(&span[1])]).collect();
    let mut edges: Vec<f64> = spans.iter().flatten().copied().collect();
    edges.sort_by(f64::total_cmp);
    let both = edges.windows(2).filter(|edges| {
        let middle = f64::midpoint(edges[0], edges[1]);
        spans.iter().filter(|[start, end]| *start <= middle && middle <= *end).count() >= 2
    });
    both.map(|edges| edges[1] - edges[0]).sum::<f64>() / number(&run["time"])
}

/// One row of the export.
struct Row<'a>(&'a Value);

impl Row<'_> {
    fn runs(&self) -> &[Value] {
        list(&self.0["observations"])
    }

    fn each(&self, figure: impl Fn(&Value) -> f64) -> Vec<f64> {
        self.runs().iter().map(figure).collect()
    }

    fn field(&self, name: &str) -> f64 {
        number(&self.0[name])
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// Latest end less earliest start, of each run.
    fn times(&self) -> Vec<f64> {
        self.each(|run| {
            let edge = |edge: usize| -> Vec<f64> {
                list(&run["spans"]).iter().map(|span| number(&span[edge])).collect()
            };
            most(&edge(1)) - least(&edge(0))
        })
    }

    fn started(&self) -> Vec<f64> {
        let startups = self.each(|run| number(&run["startup"]));
        self.times().iter().zip(startups).map(|(time, startup)| time + startup).collect()
    }

    fn mad(&self) -> f64 {
        let (times, middle) = (self.times(), median(&self.times()));
        median(&times.iter().map(|time| (time - middle).abs()).collect::<Vec<_>>())
    }

    fn is_sum(&self) -> bool {
        self.text("group") == "sum"
    }

    fn updates(&self) -> f64 {
        if self.is_sum() {
            self.field("iterations") - self.field("from")
        } else {
            self.field("iterations") * self.field("workers")
        }
    }

    fn expected(&self) -> f64 {
        if self.is_sum() {
            let (from, end) = (self.field("from"), self.field("iterations"));
            return (from + end - 1.0) * (end - from) / 2.0;
        }
        match (self.text("pattern"), self.0["body"].as_str()) {
            (_, Some(body)) if body != "x += d" => self.field("expected"),
            ("plus", _) => self.updates(),
            _ => (self.field("workers") % 2.0) * self.field("iterations"),
        }
    }

    fn wrong(&self) -> f64 {
        let wrong =
            self.runs().iter().filter(|run| (number(&run["actual"]) - self.expected()).abs() > 0.5).count();
        f64::from(u32::try_from(wrong).unwrap())
    }

    /// How far the run that is furthest off is off.
    fn off(&self) -> f64 {
        most(&self.each(|run| (number(&run["actual"]) - self.expected()).abs()))
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.runs().len()).unwrap())
    }

    fn of_lock(&self, part: &str, figure: &str) -> Vec<f64> {
        self.each(|run| number(&run["lock"][part][figure]))
    }

    /// The figures of a line of the detailed table.
    fn line(&self, label: &str, report: &Value, baseline: Option<&Row<'_>>) -> Vec<f64> {
        let runs = self.count();
        match label {
            "expected" => vec![self.expected()],
            "actual" => {
                let actual = self.each(|run| number(&run["actual"]));
                let furthest = actual
                    .iter()
                    .rev()
                    .copied()
                    .find(|actual| ((actual - self.expected()).abs() - self.off()).abs() < 0.5);
                furthest.into_iter().collect()
            }
            "verdict" if self.wrong() > 0.0 => vec![self.wrong(), runs, self.off()],
            "verdict" => {
                if runs > 1.0 {
                    vec![runs]
                } else {
                    Vec::new()
                }
            }
            "time" if runs > 1.0 => {
                let times = self.times();
                vec![median(&times), runs, self.mad(), least(&times), most(&times)]
            }
            "time" => self.times(),
            "per update" | "per iteration" | "per addition" => vec![median(&self.times()) / self.updates()],
            "speed-up" => {
                let over = |figure: fn(&Row<'_>) -> Vec<f64>| {
                    median(&figure(baseline.unwrap())) / median(&figure(self))
                };
                vec![over(times_of), over(starts_of)]
            }
            // Of a sum by one worker there is none, in words.
            "start-up" if self.each(|run| number(&run["startup"])).iter().all(|&start| start <= 0.0) => {
                Vec::new()
            }
            "start-up" => vec![median(&self.each(|run| number(&run["startup"])))],
            "CPU time" => {
                let all = mean(&self.each(|run| number(&run["cpu"])));
                let part = |name: &str| -> Option<f64> {
                    let parts: Option<Vec<f64>> = self.runs().iter().map(|run| run[name].as_f64()).collect();
                    // What is shorter than a tick is said to be so.
                    parts.map(|parts| mean(&parts).max(0.01))
                };
                [Some(all), part("user"), part("system")].into_iter().flatten().collect()
            }
            "switches" => ["voluntary_switches", "involuntary_switches"]
                .map(|name| median(&self.each(|run| number(&run[name]))))
                .to_vec(),
            "overlap" => {
                let share = median(&self.each(overlap));
                let turns = number(&report["cpus"]) < self.field("workers") && self.0["lock"].is_null();
                [Some(share), turns.then(|| number(&report["cpus"]))].into_iter().flatten().collect()
            }
            "collisions" => vec![median(&self.each(|run| number(&run["foreign_values"])))],
            "GIL" => {
                let means = ["takes", "switches", "requests", "forced"]
                    .map(|name| mean(&self.each(|run| number(&run["lock"][name]))));
                // Where nobody asks for the lock, that is not told.
                means[..if means[2] > 0.0 { 4 } else { 2 }].to_vec()
            }
            "held" => {
                let workers = list(&self.runs()[0]["lock"]["held"]).len();
                let held: Vec<f64> = (0..workers)
                    .map(|worker| mean(&self.each(|run| number(&run["lock"]["held"][worker]))))
                    .collect();
                let free = (1.0 - held.iter().sum::<f64>()).max(0.0);
                held.into_iter().take(8).chain([free]).collect()
            }
            "a hold" | "a wait" => {
                let part = if label == "a hold" { "holds" } else { "waits" };
                let counted = |figure: &str| -> Vec<f64> {
                    let counts = self.of_lock(part, "count");
                    self.of_lock(part, figure)
                        .into_iter()
                        .zip(counts)
                        .filter(|(_, n)| *n > 0.0)
                        .map(|(t, _)| t)
                        .collect()
                };
                let (with, runs) = (counted("max").len(), self.runs().len());
                let mut all =
                    vec![median(&counted("median")), median(&counted("p99")), most(&counted("max"))];
                // Of waits it is said in how many runs there were some, if not in all.
                if label == "a wait" && with < runs {
                    all.extend([with, runs].map(|runs| f64::from(u32::try_from(runs).unwrap())));
                }
                all
            }
            "interval" => vec![self.field("switch_interval")],
            "machine" => {
                let pins = list(&self.0["pins"]).iter().map(number);
                [number(&report["cpus"])].into_iter().chain(pins).collect()
            }
            // It has words alone.
            "of the runs" => Vec::new(),
            other => panic!("a line that nobody works out: {other}"),
        }
    }
}

fn check_single(line: &str) {
    let (table, report) = run(line);
    let rows: Vec<Row<'_>> = list(&report["results"]).iter().map(Row).collect();
    let row = rows.iter().find(|row| row.0["baseline"] == false).unwrap();
    let baseline = rows.iter().find(|row| row.0["baseline"] == true);
    let mut lines = 0;
    for shown in table.lines().filter_map(|line| line.strip_prefix("  ")) {
        let (label, value) = shown.split_once("  ").unwrap();
        if label == "body" {
            continue;
        }
        let value = if label == "GIL" { value } else { value.trim() };
        hold(value, &row.line(label, &report, baseline));
        lines += 1;
    }
    assert!(lines >= 7, "{line}: {table}");
    for note in table.lines().filter(|line| line.contains(" took the GIL ")) {
        let (_, note) = note.split_once(" took the GIL ").unwrap();
        let (note, _) = note.split_once(" at a time").unwrap();
        let takes = mean(&row.each(|run| number(&run["lock"]["takes"])));
        hold(note, &[takes, median(&row.of_lock("holds", "median"))]);
    }
    if let Some((_, rest)) = table.split_once("the workers went to sleep ") {
        let (times, _) = rest.split_once(" (voluntary").unwrap();
        hold(times, &[median(&row.each(|run| number(&run["voluntary_switches"])))]);
    }
}

#[test]
fn every_figure_of_a_single_table_follows_from_the_export() {
    for line in [
        "race --iters 30k --runs 3",
        "race --iters 30k --runs 4 --threads 3 --pattern plus",
        "race --iters 5M --runs 1 --threads 1",
        "mutex --iters 2k --runs 5",
        "mutex --lock fair --iters 2k --runs 2",
        "atomic --iters 30k --runs 1",
        "sharded --iters 30k --runs 2",
        "gil --iters 300k --runs 3 --switch-interval 100us",
        "gil --iters 20k --runs 2 --cpython 2.7 --threads 4",
        "gil --iters 20k --runs 2 --cpython 3.13t",
        "gil --iters 3k --runs 2 --threads 9 --switch-interval 50us",
    ] {
        check_single(line);
    }
    for by in ["process", "thread", "rayon", "gil", "sequential"] {
        check_single(&format!("split --by {by} --iters 200k --runs 3"));
        check_single(&format!("split --by {by} --from 13 --iters 2M --runs 1"));
    }
    // Long enough for program and kernel to be told apart.
    check_single("split --by sequential --iters 300M --runs 1");
}

fn short(row: &Row<'_>) -> String {
    row.text("scenario").trim_start_matches("split:").to_owned()
}

fn check_comparison(line: &str) {
    let (table, report) = run(line);
    let rows: Vec<Row<'_>> = list(&report["results"]).iter().map(Row).collect();
    let gaps = Regex::new(r"\s{2,}").unwrap();
    let best = |sum: bool, figure: fn(&Row<'_>) -> Vec<f64>| -> f64 {
        let right = rows
            .iter()
            .filter(|row| row.is_sum() == sum && row.wrong() == 0.0 && row.text("promise") == "exact");
        least(&right.map(|row| median(&figure(row))).collect::<Vec<_>>())
    };
    let (mut sum, mut found) = (false, 0);
    for line in table.lines() {
        sum |= line.starts_with("split: ");
        let cells: Vec<&str> = gaps.split(line).collect();
        let Some(row) =
            rows.iter().find(|row| cells.len() > 4 && row.is_sum() == sum && short(row) == cells[0])
        else {
            continue;
        };
        found += 1;
        let (time, started) = (median(&row.times()), median(&row.started()));
        hold(cells[1], &row.line("actual", &report, None));
        let spread = (row.count() > 1.0).then(|| row.mad() / time);
        hold(cells[3], &[Some(time), spread].into_iter().flatten().collect::<Vec<_>>());
        let relative = time / best(sum, times_of);
        if sum {
            hold(cells[4], &[relative]);
            hold(cells[5], &[started]);
            hold(cells[6], &[started / best(sum, starts_of)]);
        } else {
            hold(cells[4], &[time * 1e9 / row.updates()]);
            hold(cells[5], &[relative]);
        }
    }
    assert_eq!(found, rows.len(), "{table}");

    let named =
        |name: &str, sum: bool| rows.iter().find(|row| row.is_sum() == sum && short(row) == name).unwrap();
    let [ratios, from, below] = [
        r"(\S+) takes (\S+) times as long",
        r"From about ([\d,]+) numbers on (\S+) should",
        r"Below about ([\d,]+) numbers (\S+) should",
    ]
    .map(|pattern| Regex::new(pattern).unwrap());
    let waits = Regex::new(r"(\d+ %) in ([^,\s]*[^,.\s])").unwrap();
    for note in table.lines().filter(|line| line.starts_with("note: other programs had the CPUs")) {
        for wait in waits.captures_iter(note) {
            let row =
                rows.iter().find(|row| row.text("scenario") == &wait[2]).unwrap_or_else(|| panic!("{note}"));
            hold(&wait[1], &[median(&row.each(|run| number(&run["taken_by_others"])))]);
        }
    }
    for advice in table.lines().filter_map(|line| line.strip_prefix("which one: ")) {
        let sum = advice.contains("with start-up counted");
        let cost = |name: &str| {
            let row = named(name, sum);
            median(&if sum { row.started() } else { row.times() })
        };
        let (name, rest) = advice.split_once(", the fastest").unwrap();
        let (_, rest) = rest.split_once('(').unwrap();
        let (own, rest) = rest.split_once(')').unwrap();
        hold(own, &[cost(name)]);
        for ratio in ratios.captures_iter(rest) {
            hold(&ratio[2], &[cost(&ratio[1]) / cost(name)]);
        }
        for estimate in from.captures_iter(rest) {
            let length = break_even(&estimate[1], named(name, sum), named(&estimate[2], sum));
            assert!(length > named(name, sum).updates(), "{advice}");
        }
        for estimate in below.captures_iter(rest) {
            let length = break_even(&estimate[1], named(&estimate[2], sum), named(name, sum));
            assert!(length < named(name, sum).updates(), "{advice}");
        }
    }
    if let Some(line) = table.lines().find(|line| line.starts_with("speed-up")) {
        let baseline = rows.iter().find(|row| row.text("scenario") == "split:sequential").unwrap();
        let ways = rows.iter().filter(|row| row.is_sum() && row.text("scenario") != "split:sequential");
        let figures: Vec<f64> = ways.flat_map(|row| row.line("speed-up", &report, Some(baseline))).collect();
        hold(line, &figures);
    }
    for row in rows.iter().filter(|row| row.wrong() > 0.0) {
        let start = format!("{} was wrong in ", row.text("scenario"));
        let line = table.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        hold(line, &[row.wrong(), row.count()]);
    }
}

/// Two digits of the length at which both rows take as long.
fn break_even(text: &str, sooner: &Row<'_>, faster: &Row<'_>) -> f64 {
    let startup = |row: &Row<'_>| median(&row.each(|run| number(&run["startup"])));
    let saved = (median(&sooner.times()) - median(&faster.times())) / faster.updates();
    let length = (startup(faster) - startup(sooner)) / saved;
    let said = shown(text)[0].value;
    assert!((said - length).abs() <= length * 0.051 + 1.0, "{text}, not {length}");
    length
}

#[test]
fn every_figure_of_a_comparison_follows_from_the_export() {
    check_comparison("compare --iters 20k --runs 3");
    check_comparison("compare --iters 20k --runs 1");
    check_comparison(
        "compare split:process split:sequential race mutex:fair --iters 3k --runs 2 --threads 3",
    );
}

#[test]
fn every_figure_of_a_convoy_follows_from_the_export() {
    for (version, interval) in [("3.14", " --switch-interval 1ms"), ("3.14t", ""), ("2.7", "")] {
        let (table, report) = run(&format!("convoy --pings 12{interval} --cpython {version}"));
        let row = &report["results"][0];
        let figures = |part: &str| {
            let times: Vec<f64> = list(&row[part]["times"]).iter().map(number).collect();
            assert_eq!(times.len(), 12);
            [median(&times), quantile(&times, 0.99), most(&times)]
        };
        let (idle, loaded) = (figures("idle"), figures("loaded"));
        let subject = format!("model {version}");
        let cells = table.lines().find_map(|line| line.strip_prefix(&format!("{subject}  "))).unwrap();
        hold(cells, &[idle, loaded].concat());
        let said = table.lines().find_map(|line| line.strip_prefix(&format!("{subject}: "))).unwrap();
        let (medians, _) = said.split_once(" alone (medians)").unwrap();
        hold(medians, &[loaded[0], idle[0]]);
    }
}
