#[test]
fn f() {
    use __::PlainValue as _;
    #[allow(unreachable_code, clippy::diverging_sub_expression)]
    __::Value((g(),)).rustroutines_carry_out();
}
