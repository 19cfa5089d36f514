//! Arguments by keyword, and generators that are left.

use super::super::{Kind, check};
use crate::python::version::Version;
use crate::system::control::Control;

fn kind(text: &str) -> Result<Kind, String> {
    let checked = check(text, &[Version::V3_9], 2, &Control::default()).map_err(|error| error.to_string())?;
    let finding = &checked.findings[0];
    if finding.kind == Kind::Incomplete { Err(finding.reason.clone()) } else { Ok(finding.kind) }
}

#[test]
fn what_a_thread_is_given_by_keyword_may_go_anywhere() {
    for parameters in ["a, low=0", "a, *, low=0", "a, *rest, low", "*rest, low", "a, **options"] {
        let low = if parameters.ends_with("options") { "options['low']" } else { "low" };
        let text = format!(
            "import threading\ntotal = 0\ndef work({parameters}):\n    global total\n    total = total + int({low})\n\
             ts = [threading.Thread(target=work, args=(1,), kwargs={{'low': 1}}) for _ in range(2)]\nfor t in ts: t.start()\n\
             for t in ts: t.join()\nprint(total)\n"
        );
        assert_eq!(kind(&text), Ok(Kind::Loses), "{parameters}");
    }
}

#[test]
fn a_generator_that_is_left_in_the_midst_of_a_block_is_refused() {
    let text = |block: &str, last: &str| {
        format!(
            "import threading\nlock = threading.Lock()\nclosed = 0\ndef numbers():\n    global closed\n    {block}\ndef work():\n    \
             for n in numbers():\n        {last}\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\n\
             for t in ts: t.join()\nprint(closed)\n"
        )
    };
    let with = "with lock:\n        for i in range(3): yield i";
    let finally = "try:\n        for i in range(3): yield i\n    finally:\n        closed = 1";
    for block in [with, finally] {
        let error = kind(&text(block, "if n == 1: break")).unwrap_err();
        assert!(error.contains("a generator that is left in the midst of a try or with"), "{error}");
        // To its end it may go.
        assert_eq!(kind(&text(block, "pass")), Ok(Kind::Exact), "{block}");
    }
    assert_eq!(kind(&text("for i in range(3): yield i", "if n == 1: break")), Ok(Kind::Exact));
}

#[test]
fn an_object_may_be_made_with_any_keywords_that_its_init_takes() {
    for parameters in ["self, n, step=1", "self, n, *, step=1", "self, n, **step", "self, *n, step"] {
        let text = format!(
            "import threading\nclass Counter:\n    def __init__({parameters}):\n        self.n = 0\n    def work(self):\n        \
             self.n = self.n + int(1)\nc = Counter(3, step=2)\nts = [threading.Thread(target=c.work) for _ in range(2)]\n\
             for t in ts: t.start()\nfor t in ts: t.join()\nprint(c.n)\n"
        );
        assert_eq!(kind(&text), Ok(Kind::Loses), "{parameters}");
    }
    let wrong = "class C:\n    def __init__(self): pass\ntry: C(step=1)\nexcept TypeError: print('no')\n";
    assert_eq!(kind(wrong), Ok(Kind::Exact));
}
