import CMemory

/// What the process does with memory that it has freed.
public enum FreedMemory {
    /// Keeps some 16 MB of it for the next use. By itself glibc gives large pieces back to the system as soon as they are free at the end
    /// of its heap, and each page of the next answer of a broker is made anew: of an agent that is a tenth of its time.
    public static func keep() { kafkawire_keep_freed(16 << 20, 8 << 20) }
}
