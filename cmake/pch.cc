// The translation unit that carries the precompiled header (cmake/ArcsatTarget.cmake).
