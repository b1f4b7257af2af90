fn main() {
    use __::PlainValue as _;
    #[allow(
        unreachable_code,
        clippy::diverging_sub_expression,
        clippy::unnecessary_operation
    )] (__::Value((f(),)).rustroutines_carry_out(),).0;
}
