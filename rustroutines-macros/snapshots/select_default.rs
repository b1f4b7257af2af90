fn expression() {
    {
        use __::PlainValue as _;
        enum RustroutinesWon<Won0, Won1> {
            Won0(Won0),
            Won1(Won1),
            Default,
        }
        let won = match if c {
            __::Option::Some(__::Value((f(),)).rustroutines_arm())
        } else {
            __::Option::None
        } {
            op0 => {
                match __::Value((f(),)).rustroutines_arm() {
                    op1 => {
                        let mut arm0 = __::pin!(__::Arm::guarded(op0));
                        let mut arm1 = __::pin!(__::Arm::new(op1));
                        match __::select(
                                2usize,
                                false,
                                true,
                                __::Deadline::never(),
                                |arm, step| match arm {
                                    0usize => arm0.as_mut().step(step),
                                    1usize => arm1.as_mut().step(step),
                                    _ => __::no_such_arm(),
                                },
                            )
                            .await
                        {
                            __::Chosen::Arm(0usize) => {
                                RustroutinesWon::Won0(arm0.as_mut().take())
                            }
                            __::Chosen::Arm(1usize) => {
                                RustroutinesWon::Won1(arm1.as_mut().take())
                            }
                            __::Chosen::Default => RustroutinesWon::Default,
                            _ => __::no_such_arm(),
                        }
                    }
                }
            }
        };
        match won {
            RustroutinesWon::Won0(output) => {
                let _ = output;
                1
            }
            RustroutinesWon::Won1(_) => 2,
            RustroutinesWon::Default => 3,
        }
    }
}
