/* python.exe: the panda3d wheel has the DLL of Python, but no program that loads it. */
#include <windows.h>

typedef int (*start_t)(int, wchar_t **);

int wmain(int argc, wchar_t **argv) {
    HMODULE python = LoadLibraryW(L"python311.dll");
    start_t start = python ? (start_t)(void *)GetProcAddress(python, "Py_Main") : NULL;
    return start ? start(argc, argv) : 1;
}
