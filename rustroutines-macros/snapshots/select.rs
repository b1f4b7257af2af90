fn expression() {
    {
        use __::PlainValue as _;
        enum RustroutinesWon<Won0, Won1> {
            Won0(Won0),
            Won1(Won1),
            Timeout,
        }
        let won = match if c {
            __::Option::Some(__::Value((f(x),)).rustroutines_arm())
        } else {
            __::Option::None
        } {
            op0 => {
                match d {
                    limit => {
                        match __::Value((tx.send(1),)).rustroutines_arm() {
                            op1 => {
                                let mut arm0 = __::pin!(__::Arm::guarded(op0));
                                let mut arm1 = __::pin!(__::Arm::new(op1));
                                match match __::select(
                                    2usize,
                                    true,
                                    false,
                                    __::Deadline::after(limit),
                                    |arm, step| match arm {
                                        0usize => arm0.as_mut().step(step),
                                        1usize => arm1.as_mut().step(step),
                                        _ => __::no_such_arm(),
                                    },
                                ) {
                                    o => __::Suspend::block(o),
                                } {
                                    __::Chosen::Arm(0usize) => {
                                        RustroutinesWon::Won0(arm0.as_mut().take())
                                    }
                                    __::Chosen::Arm(1usize) => {
                                        RustroutinesWon::Won1(arm1.as_mut().take())
                                    }
                                    __::Chosen::Timeout => RustroutinesWon::Timeout,
                                    _ => __::no_such_arm(),
                                }
                            }
                        }
                    }
                }
            }
        };
        match won {
            RustroutinesWon::Won0(output) => {
                let (a, b) = output;
                a + b
            }
            RustroutinesWon::Timeout => 0,
            RustroutinesWon::Won1(_) => {}
        }
    }
}
