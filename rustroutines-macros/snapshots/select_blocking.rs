fn f() {
    use __::PlainValue as _;
    select! {
        f(__::Value((g(),)).rustroutines_carry_out()), if __::Value((c(),))
        .rustroutines_carry_out() => __::Value((h(),)).rustroutines_carry_out(),
        deadline(__::Value((d(),)).rustroutines_carry_out()) => {},
    }
}
