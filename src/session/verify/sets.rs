//! The bodies that are tried when none is given: loops over a counter, and the operations of the Python FAQ.

use crate::choice::Choice;
use crate::python::body::RESULT;

/// A body, the definitions that it uses, and what is looked at in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyBody {
    /// What it is called in a table, unless by itself.
    pub operation: Option<&'static str>,
    /// The body.
    pub body: String,
    /// The definitions that it uses.
    pub setup: String,
    /// The expression that is looked at when all workers have ended.
    pub result: String,
}

/// A set of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodySet {
    /// Both.
    All,
    /// [`BODIES`].
    Counter,
    /// [`FAQ`].
    Faq,
    /// None but those that are given.
    None,
}

impl Choice for BodySet {
    const ALL: &'static [Self] = &[Self::All, Self::Counter, Self::Faq, Self::None];

    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Counter => "counter",
            Self::Faq => "faq",
            Self::None => "none",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::All => "both of the following",
            Self::Counter => "loops over the counter x",
            Self::Faq => "the operations that the Python FAQ calls atomic or not",
            Self::None => "only the given --body",
        }
    }
}

impl BodySet {
    /// Its bodies.
    #[must_use]
    pub fn bodies(self) -> Vec<VerifyBody> {
        let counter = BODIES.iter().map(|&body| VerifyBody {
            operation: None,
            body: body.to_owned(),
            setup: String::new(),
            result: RESULT.to_owned(),
        });
        let faq = FAQ.iter().map(|operation| VerifyBody {
            operation: Some(operation.words),
            body: operation.body.to_owned(),
            setup: operation.setup.to_owned(),
            result: operation.result.to_owned(),
        });
        match self {
            Self::All => counter.chain(faq).collect(),
            Self::Counter => counter.collect(),
            Self::Faq => faq.collect(),
            Self::None => Vec::new(),
        }
    }
}

/// Loops over the counter: the four of the README's matrix first.
pub const BODIES: [&str; 18] = [
    "x += d",
    "x = x + d * len(s)",
    "x = x + int(d)",
    "x += d * one()",
    "with lock: x += d",
    "with lock: y = x\nwith lock: x = y + d",
    "y = x\nwith lock: x = y + d",
    "y = x; x = y + d",
    "x = x + d if d else x",
    "x += min(d, 5)",
    "x += d * abs(d)",
    "x = x + d * isinstance(d, int)",
    "for i in (1, 2): x += d",
    "y = x\nfor i in (1, 2): y += d\nx = y - d",
    "x = x + [d for i in (1,)][0]",
    "try: y = x\nfinally: x = y + d",
    "y = x\nif y > 0: y += 0\nx = y + d",
    "x += d; x -= d; x += d",
];

/// An operation of the FAQ's, in a body that shows whether something can come in its midst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// As the FAQ has it.
    pub words: &'static str,
    /// Whether the FAQ calls it atomic.
    pub atomic: bool,
    /// What it is done to.
    pub setup: &'static str,
    /// The body that does it.
    pub body: &'static str,
    /// What is looked at in the end.
    pub result: &'static str,
}

/// The lines of the Python FAQ's answer to "What kinds of global value mutation are thread-safe?". Where a line alone leaves
/// nothing behind by which a loss could be told, the body adds `d`, so that each update counts.
pub const FAQ: [Operation; 15] = [
    Operation { words: "L.append(x)", atomic: true, setup: "L = []", body: "L.append(x)", result: "len(L)" },
    Operation {
        words: "L1.extend(L2)",
        atomic: true,
        setup: "L1 = []\nL2 = [1, 2]",
        body: "L1.extend(L2)",
        result: "len(L1)",
    },
    Operation { words: "x = L[i]", atomic: true, setup: "L = [5, 7]\ni = 1", body: "x = L[i]", result: "x" },
    Operation {
        words: "x = L.pop()",
        atomic: true,
        setup: "L = [7]",
        body: "L.append(7); x = L.pop()",
        result: "len(L) * 10 + x",
    },
    Operation {
        words: "L1[i:j] = L2",
        atomic: true,
        setup: "L1 = [0, 0, 0, 0]\nL2 = [1, 2]\ni = 1\nj = 3",
        body: "L1[i:j] = L2",
        result: "len(L1) * 10 + sum(L1)",
    },
    Operation {
        words: "L.sort()",
        atomic: true,
        setup: "L = [3, 1, 2]",
        body: "L.reverse(); L.sort()",
        result: "L == [1, 2, 3]",
    },
    Operation { words: "x = y", atomic: true, setup: "y = 5", body: "x = y", result: "x" },
    Operation {
        words: "x.field = y",
        atomic: true,
        setup: "class Thing(object):\n    pass\nx = Thing()\nx.field = 0\ny = 5",
        body: "x.field = y",
        result: "x.field",
    },
    Operation { words: "D[x] = y", atomic: true, setup: "D = {}\ny = 5", body: "D[x] = y", result: "D[0]" },
    Operation {
        words: "D1.update(D2)",
        atomic: true,
        setup: "D1 = {}\nD2 = {1: 2, 3: 4}",
        body: "D1.update(D2)",
        result: "len(D1) * 10 + sum(D1.values())",
    },
    Operation {
        words: "D.keys()",
        atomic: true,
        setup: "D = {1: 2, 3: 4}",
        body: "D.keys()\nD[1] = 2",
        result: "len(D.keys())",
    },
    Operation { words: "i = i + 1", atomic: false, setup: "i = 0", body: "global i\ni = i + 1", result: "i" },
    Operation {
        words: "L.append(L[-1])",
        atomic: false,
        setup: "L = [0]",
        body: "L.append(L[-1] + d)",
        result: "L[-1]",
    },
    Operation {
        words: "L[i] = L[j]",
        atomic: false,
        setup: "L = [0]\ni = j = 0",
        body: "L[i] = L[j] + d",
        result: "L[0]",
    },
    Operation {
        words: "D[x] = D[x] + 1",
        atomic: false,
        setup: "D = {0: 0}",
        body: "D[x] = D[x] + 1",
        result: "D[0]",
    },
];
