fn f() {
    use __::PlainValue as _;
    __::plain!(
        (__::dbg(__::stringify!(g()), __::Value((g(),)).rustroutines_carry_out()),
        __::dbg(__::stringify!(1), 1),)
    );
    dbg!();
}
