trait X {
    fn f<'routine, 'r0: 'routine, 'r1: 'routine, T: Send + 'routine>(
        &'r0 self,
        a: &'r1 str,
        b: impl Fn(&u8) + 'routine,
    ) -> __::Boxed<'routine, &'r0 T>
    where
        Self: 'routine;
}
