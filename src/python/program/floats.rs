//! Floats, as CPython works with them and shows them.

use super::operators::BinaryOp;

/// `left op right`, if that is a float: nothing of a division by zero, an operator that floats have not, or a power that is complex or
/// too large.
pub(crate) fn float_binary(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    match op {
        BinaryOp::Add => Some(left + right),
        BinaryOp::Subtract => Some(left - right),
        BinaryOp::Multiply => Some(left * right),
        BinaryOp::Divide | BinaryOp::FloorDivide | BinaryOp::Remainder if right == 0.0 => None,
        BinaryOp::Divide => Some(left / right),
        BinaryOp::FloorDivide => Some(float_divmod(left, right).0),
        BinaryOp::Remainder => Some(float_divmod(left, right).1),
        BinaryOp::Power if left > 0.0 || right.fract() == 0.0 && left != 0.0 => {
            let power = left.powf(right);
            (power.is_finite() || left.is_infinite()).then_some(power)
        }
        _ => None,
    }
}

/// `float_floor_div` and `float_rem` of CPython.
fn float_divmod(left: f64, right: f64) -> (f64, f64) {
    let mut rest = left % right;
    let mut quotient = (left - rest) / right;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(right);
    } else if (right < 0.0) != (rest < 0.0) {
        rest += right;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0.0_f64.copysign(left / right), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}

/// A float as `repr()` shows it, or, in Python 2, as `str()` does, which keeps twelve digits.
pub(crate) fn float_text(float: f64, twelve: bool) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = if twelve { format!("{float:.11e}") } else { format!("{float:e}") };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let mut digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    while digits.len() > 1 && digits.ends_with('0') {
        digits.pop();
    }
    // 2.7's `str()` has twelve digits, one of them behind the point.
    let most = if twelve { 11 } else { 16 };
    if !(-4..most).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{direction}{:02}", exponent.abs());
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(0);
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    while digits.len() < whole {
        digits.push('0');
    }
    let (before, after) = digits.split_at(whole);
    format!("{sign}{before}.{}", if after.is_empty() { "0" } else { after })
}
